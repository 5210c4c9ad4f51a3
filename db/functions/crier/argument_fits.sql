create or replace function crier.argument_fits(argument jsonb, value json)
    returns boolean language sql immutable parallel safe
as $$
    /* Whether a route's argument may have this value of a request, NULL when it is not given.
       Neither strict nor pinned, so that it is inlined; hence every name is qualified. */
    select case
        when value is null
            then argument operator(pg_catalog.->) 'required' operator(pg_catalog.=) 'false'
        when pg_catalog.json_typeof(value) operator(pg_catalog.=) 'array'
            then argument operator(pg_catalog.->) 'array' operator(pg_catalog.=) 'true'
        else pg_catalog.json_typeof(value) operator(pg_catalog.<>) all ('{"null",object}') end;
$$;
comment on function crier.argument_fits(jsonb, json) is
    'Private: whether a route''s argument may have this value of a request.';
revoke all on function crier.argument_fits(jsonb, json) from public;
