create or replace function crier.function_gone(route crier.routes)
    returns text language sql stable
    set search_path = pg_catalog, pg_temp
as $$
    /* A function of a route that is no longer there, if there is one. */
    select s.signature
    from unnest(array[route.function, route.topic, route.call->'type'->>'signature',
        route.call->'etag'->>'signature']) as s(signature)
    where s.signature is not null and crier.function_stored(s.signature) is null limit 1;
$$;
comment on function crier.function_gone(crier.routes) is 'Private: a function of a route that is no longer there.';
revoke all on function crier.function_gone(crier.routes) from public;
