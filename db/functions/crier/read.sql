-- Version 1 returned fewer columns.
drop function if exists crier.read(integer, json);
create function crier.read(
        route integer,
        arguments json,
        out document text,
        out topic text,
        out snapshot text,
        out milliseconds real)
    returns record language plpgsql volatile
    set search_path = pg_catalog, pg_temp
as $$
declare
    call jsonb;
    given bigint;
    fit boolean;
    began timestamptz;
begin
    /* Reads a document for the relay: the function's result, the topic if a function names it, the
       snapshot they belong to, and how long it took. It runs as the caller, so that privileges are
       the relay's; what the functions raise passes through. */
    select r.call into call from crier.routes r where r.id = read.route;
    if not found then
        raise exception using errcode = 'PT404', message = 'no such route';
    end if;
    select count(v), coalesce(bool_and(crier.argument_fits(a, v)), true)
    into given, fit
    from jsonb_array_elements(call->'arguments') a
    cross join lateral (select arguments->(a->>'name')) as l(v);
    if not fit or given <> (select count(*) from json_object_keys(arguments)) then
        perform crier.arguments_refuse(call, arguments);
    end if;
    began := clock_timestamp();
    select b.document, b.topic, b.snapshot into document, topic, snapshot
    from crier.build(call, arguments) b;
    milliseconds := extract(epoch from clock_timestamp() - began) * 1000;
end
$$;
comment on function crier.read(integer, json) is
    'For the relay: a route''s document for these arguments, its topic where a function names it, its snapshot, and the function''s time. Errors of the function pass through.';
revoke all on function crier.read(integer, json) from public;
