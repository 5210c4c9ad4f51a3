create or replace function crier.relay_report(relay uuid, info json, subscriptions json)
    returns void language sql volatile security definer
    set search_path = pg_catalog, pg_temp
as $$
    /* What a relay says of itself now and then, and of the documents that changed hands since: a
       subscription with 0 subscribers goes. Relays that fell silent for an hour go too. What is too
       long for an index is left out. */
    delete from crier.relays r
    where r.seen < clock_timestamp() - interval '1 hour' and r.id <> relay_report.relay;

    insert into crier.relays as r (id, name, role, version, listening, dialect)
    values (relay_report.relay, info->>'name', session_user, info->>'version',
        coalesce((info->>'listening')::boolean, false), crier.dialect())
    on conflict (id) do update set
        name = excluded.name, role = excluded.role, version = excluded.version,
        listening = excluded.listening, dialect = excluded.dialect, seen = clock_timestamp();

    delete from crier.subscriptions s
    using json_to_recordset(relay_report.subscriptions) as n(key text, subscribers integer)
    where s.relay = relay_report.relay and s.key = n.key and coalesce(n.subscribers, 0) = 0;

    insert into crier.subscriptions as s (relay, key, route, topic, subscribers, notified, read, error,
        arguments, octets, milliseconds)
    select distinct on (n.key) relay_report.relay, n.key, n.route,
        case when octet_length(n.topic) <= 2000 then n.topic end, n.subscribers,
        to_timestamp(n.notified / 1000.0), to_timestamp(n.read / 1000.0), n.error,
        n.arguments, n.octets, n.milliseconds
    from json_to_recordset(relay_report.subscriptions) as n(
        key text, route integer, topic text, subscribers integer,
        notified float8, read float8, error text,
        arguments json, octets bigint, milliseconds real)
    where n.key is not null and n.subscribers > 0 and octet_length(n.key) <= 2000
    on conflict (relay, key) do update set
        route = excluded.route, topic = excluded.topic, subscribers = excluded.subscribers,
        notified = excluded.notified, read = excluded.read, error = excluded.error, arguments = excluded.arguments,
        octets = excluded.octets, milliseconds = excluded.milliseconds;
$$;
comment on function crier.relay_report(uuid, json, json) is
    'For the relay: reports itself ({"name","version","listening"}) and subscriptions ([{"key","route","topic","subscribers","notified","read","error","arguments","octets","milliseconds"}], times in Unix milliseconds).';
revoke all on function crier.relay_report(uuid, json, json) from public;
