create or replace function crier.relay_report(relay uuid, info json, subscriptions json)
    returns void language sql volatile security definer
    set search_path = pg_catalog, pg_temp
as $$
    /* What a relay says of itself now and then, and of the documents that changed hands since: a
       subscription with 0 subscribers goes. Relays that fell silent for an hour go too. */
    delete from crier.relays r
    where r.seen < clock_timestamp() - interval '1 hour' and r.id <> relay_report.relay;

    insert into crier.relays as r (id, name, role, version, listening)
    values (relay_report.relay, info->>'name', session_user, info->>'version',
        coalesce((info->>'listening')::boolean, false))
    on conflict (id) do update set
        name = excluded.name, role = excluded.role, version = excluded.version,
        listening = excluded.listening, seen = clock_timestamp();

    delete from crier.subscriptions s
    using json_to_recordset(relay_report.subscriptions) as n(key text, subscribers integer)
    where s.relay = relay_report.relay and s.key = n.key and coalesce(n.subscribers, 0) = 0;

    insert into crier.subscriptions as s (relay, key, route, topic, subscribers, notified, read, error)
    select distinct on (n.key) relay_report.relay, n.key, n.route, n.topic, n.subscribers,
        to_timestamp(n.notified / 1000.0), to_timestamp(n.read / 1000.0), n.error
    from json_to_recordset(relay_report.subscriptions) as n(
        key text, route integer, topic text, subscribers integer,
        notified float8, read float8, error text)
    where n.key is not null and n.subscribers > 0
    on conflict (relay, key) do update set
        route = excluded.route, topic = excluded.topic, subscribers = excluded.subscribers,
        notified = excluded.notified, read = excluded.read, error = excluded.error;
$$;
comment on function crier.relay_report(uuid, json, json) is
    'For the relay: reports itself ({"name","version","listening"}) and subscriptions ([{"key","route","topic","subscribers","notified","read","error"}], times in Unix milliseconds).';
revoke all on function crier.relay_report(uuid, json, json) from public;
