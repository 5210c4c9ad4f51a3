create or replace function crier.action_store(method text, path text, function oid, body text)
    returns integer language sql volatile
    set search_path = pg_catalog, pg_temp
as $$
    /* Inserts or replaces a route of a write whose declaration has been checked. What only documents
       have gets their defaults. */
    insert into crier.routes as r (method, path, kind, function, parameters, event, topic, inline,
        min_interval, reread, max_bytes, call)
    values (action_store.method, action_store.path, 'action',
        crier.function_signature(action_store.function),
        crier.action_parameters(action_store.function, action_store.path, action_store.body),
        'message', null, false, '50 milliseconds', '1 minute', 67108864,
        crier.action_pieces(action_store.function, action_store.path, action_store.body))
    on conflict (method, regexp_replace(path, '\{[^{}]*\}', '{}', 'g')) do update set
        function = excluded.function, parameters = excluded.parameters, call = excluded.call
    returning r.id;
$$;
comment on function crier.action_store(text, text, oid, text) is
    'Private: inserts or replaces a checked route of a write.';
revoke all on function crier.action_store(text, text, oid, text) from public;
