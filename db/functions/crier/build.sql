-- It had the route's id once.
drop function if exists crier.build(integer, jsonb, json);
create or replace function crier.build(
        call jsonb,
        arguments json,
        out document text,
        out topic text,
        out snapshot text)
    returns record language plpgsql volatile
    set search_path = pg_catalog, pg_temp
    set timezone = 'UTC'
    set datestyle = 'ISO, MDY'
    set intervalstyle = 'postgres'
    set bytea_output = 'hex'
    set extra_float_digits = 1
as $$
declare
    document_arguments text;
    topic_arguments text;
begin
    /* A route's document for these arguments, its topic if a function names it, and the snapshot
       they belong to, all in one statement and under pinned settings. Reads and triggers both come
       here, so that nobody can tell from the bytes which way a document went. */
    select string_agg((a->>'document') || ' => ' || (a->>'value'), ', '),
        string_agg((a->>'topic') || ' => ' || (a->>'value'), ', ')
    into document_arguments, topic_arguments
    from jsonb_array_elements(call->'arguments') a
    where arguments->(a->>'name') is not null;
    perform set_config('search_path', call->>'search_path', true); -- until the end of this function
    execute format('select %s(%s)::text, %s, pg_catalog.pg_current_snapshot()::text',
            call->>'document', document_arguments,
            case when call->>'topic' is null then 'null::text'
                 else format('%s(%s)', call->>'topic', topic_arguments) end)
        into strict document, topic, snapshot using arguments;
end
$$;
comment on function crier.build(jsonb, json) is
    'Private: a route''s document, its topic where a function names it, and its snapshot, under pinned settings.';
revoke all on function crier.build(jsonb, json) from public;
