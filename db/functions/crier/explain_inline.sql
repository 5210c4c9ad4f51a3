create or replace function crier.explain_inline(route crier.routes, key text)
    returns setof crier.finding language sql stable
    set search_path = pg_catalog, pg_temp
as $$
    /* Which way a document goes, and why. To go by reference is in order; a route declared inline
       none of whose documents can be is not. */
    with trouble as (
        select t.detail, t.hint from crier.inline_trouble(route) t where route.inline),
    reports as (
        select s.*, l.dialect, l.seen > clock_timestamp() - interval '60 seconds' as alive
        from crier.subscriptions s join crier.relays l on l.id = s.relay
        where s.key = explain_inline.key and s.route = (explain_inline.route).id),
    reasons as (
        select case
            when not r.alive then 'its relay is silent'
            when r.error is not null then 'its latest read failed'
            when r.octets is null then 'it was not read yet'
            when r.octets >= 8000 then format('it has %s octets; notifications carry less than 8000', r.octets)
            when r.milliseconds >= crier.build_limit() then format('its function took %s ms; commits wait for less than %s', r.milliseconds, crier.build_limit())
            when r.topic is null then 'it has no topic, or too long a one'
            when r.arguments is null then 'its relay does not offer it for that, such as for arguments of over 4096 octets'
            when r.dialect is distinct from crier.dialect() then 'this session and the relay''s differ in lc_ settings or the like'
            end as reason
        from reports r)
    select 'inline', t.detail is null,
        case when not route.inline then 'by reference: the route is not declared inline'
             when t.detail is not null then 'by reference: ' || t.detail
             when key is null then 'inline while somebody reads it, if it is short and quick enough'
             when not exists (select from reports) then 'by reference: no relay reports an open stream'
             when exists (select from reasons r where r.reason is null)
                 then 'inline, from writers in READ COMMITTED, up to 8 documents of a transaction'
             else 'by reference: ' || (select min(r.reason) from reasons r) end,
        t.hint
    from (select) one left join trouble t on true
    where route.kind = 'live';
$$;
comment on function crier.explain_inline(crier.routes, text) is
    'Private: which way a document goes, inline or by reference, and why.';
revoke all on function crier.explain_inline(crier.routes, text) from public;
