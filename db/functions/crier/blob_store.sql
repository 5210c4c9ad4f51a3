create or replace function crier.blob_store(path text, function oid, call jsonb)
    returns integer language sql volatile
    set search_path = pg_catalog, pg_temp
as $$
    /* Inserts or replaces a route of octets whose declaration has been checked. What only documents
       have gets their defaults. */
    insert into crier.routes as r (method, path, kind, function, parameters, event, topic, inline,
        min_interval, reread, max_bytes, call)
    values ('GET', blob_store.path, 'blob', crier.function_signature(blob_store.function),
        crier.function_parameters(blob_store.function, blob_store.path), 'message', null, false,
        '50 milliseconds', '1 minute', 1073741823, blob_store.call)
    on conflict (method, regexp_replace(path, '\{[^{}]*\}', '{}', 'g')) do update set
        kind = excluded.kind, function = excluded.function, parameters = excluded.parameters,
        event = excluded.event, topic = excluded.topic, inline = excluded.inline,
        min_interval = excluded.min_interval, reread = excluded.reread,
        max_bytes = excluded.max_bytes, call = excluded.call, channel = null
    returning r.id;
$$;
comment on function crier.blob_store(text, oid, jsonb) is 'Private: inserts or replaces a checked route of octets.';
revoke all on function crier.blob_store(text, oid, jsonb) from public;
