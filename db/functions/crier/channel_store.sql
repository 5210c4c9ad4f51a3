create or replace function crier.channel_store(path text, channel text)
    returns integer language sql volatile
    set search_path = pg_catalog, pg_temp
as $$
    /* Inserts or replaces a route of kind channel whose declaration has been checked. */
    insert into crier.routes as r (method, path, kind, parameters, event, inline, min_interval, reread,
        max_bytes, call, channel)
    values ('GET', channel_store.path, 'channel', '[]', 'message', false, '0', '1 minute', 1, '{}',
        channel_store.channel)
    on conflict (method, regexp_replace(path, '\{[^{}]*\}', '{}', 'g')) do update set
        kind = excluded.kind, function = null, parameters = excluded.parameters,
        event = excluded.event, topic = null, inline = excluded.inline,
        min_interval = excluded.min_interval, reread = excluded.reread,
        max_bytes = excluded.max_bytes, call = excluded.call, channel = excluded.channel
    returning r.id;
$$;
comment on function crier.channel_store(text, text) is
    'Private: inserts or replaces a checked route of kind channel.';
revoke all on function crier.channel_store(text, text) from public;
