create or replace function crier.route_store(
        path text, function oid, event text, topic oid,
        inline boolean, min_interval interval, reread interval, max_bytes bigint)
    returns integer language sql volatile
    set search_path = pg_catalog, pg_temp
as $$
    /* Inserts or replaces a route whose declaration has been checked. */
    insert into crier.routes as r (method, path, kind, function, parameters, event, topic, inline,
        min_interval, reread, max_bytes, call)
    values ('GET', route_store.path, 'live', crier.function_signature(route_store.function),
        crier.function_parameters(route_store.function, route_store.path), route_store.event,
        crier.function_signature(route_store.topic), route_store.inline, route_store.min_interval,
        route_store.reread, route_store.max_bytes,
        crier.call_pieces(route_store.function, route_store.topic))
    on conflict (method, regexp_replace(path, '\{[^{}]*\}', '{}', 'g')) do update set
        kind = excluded.kind, function = excluded.function, parameters = excluded.parameters,
        event = excluded.event, topic = excluded.topic, inline = excluded.inline,
        min_interval = excluded.min_interval, reread = excluded.reread,
        max_bytes = excluded.max_bytes, call = excluded.call, channel = null
    returning r.id;
$$;
comment on function crier.route_store(text, oid, text, oid, boolean, interval, interval, bigint) is
    'Private: inserts or replaces a checked route.';
revoke all on function crier.route_store(text, oid, text, oid, boolean, interval, interval, bigint)
    from public;
