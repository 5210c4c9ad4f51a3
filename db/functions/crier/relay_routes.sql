-- Version 1 returned fewer columns.
drop function if exists crier.relay_routes();
create function crier.relay_routes()
    returns table (
        id integer, method text, path text, kind text, event text,
        has_topic boolean, inline boolean, min_interval_ms integer, reread_ms integer,
        max_bytes bigint, parameters text, channel text, fingerprint text)
    language sql stable
    set search_path = pg_catalog, pg_temp
as $$
    /* Every route as the relay wants it. The fingerprint changes whenever the declaration does, so
       that the streams of an unchanged route can be left alone. */
    select r.id, r.method, r.path, r.kind, r.event, r.topic is not null, r.inline,
        (extract(epoch from r.min_interval) * 1000)::integer,
        (extract(epoch from r.reread) * 1000)::integer,
        r.max_bytes, r.parameters::text, r.channel, md5(row(r.*)::text)
    from crier.routes r
    order by r.id;
$$;
comment on function crier.relay_routes() is 'For the relay: every route, with a fingerprint of its declaration.';
revoke all on function crier.relay_routes() from public;
