create or replace function crier.read(
        route integer,
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
    call jsonb;
    given bigint;
    fit boolean;
    document_arguments text;
    topic_arguments text;
begin
    /* Reads a document for the relay: the function's result, the topic if a function names it, and
       the snapshot they belong to, all in one statement and under pinned settings. It runs as the
       caller, so that privileges are the relay's; what the functions raise passes through. */
    select r.call into call from crier.routes r where r.id = read.route;
    if not found then
        raise exception using errcode = 'PT404', message = 'no such route';
    end if;
    select count(v), coalesce(bool_and(crier.argument_fits(a, v)), true),
        string_agg((a->>'document') || ' => ' || (a->>'value'), ', ') filter (where v is not null),
        string_agg((a->>'topic') || ' => ' || (a->>'value'), ', ') filter (where v is not null)
    into given, fit, document_arguments, topic_arguments
    from jsonb_array_elements(call->'arguments') a
    cross join lateral (select arguments->(a->>'name')) as l(v);
    if not fit or given <> (select count(*) from json_object_keys(arguments)) then
        perform crier.arguments_refuse(call, arguments);
    end if;
    perform set_config('search_path', call->>'search_path', true); -- until the end of this function
    execute format('select %s(%s)::text, %s, pg_catalog.pg_current_snapshot()::text',
            call->>'document', document_arguments,
            case when call->>'topic' is null then 'null::text'
                 else format('%s(%s)', call->>'topic', topic_arguments) end)
        into strict document, topic, snapshot using arguments;
end
$$;
comment on function crier.read(integer, json) is
    'For the relay: a route''s document for these arguments, its topic where a function names it, and its snapshot. Errors of the function pass through.';
revoke all on function crier.read(integer, json) from public;
