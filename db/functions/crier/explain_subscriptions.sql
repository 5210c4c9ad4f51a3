create or replace function crier.explain_subscriptions(key text)
    returns setof crier.finding language sql stable
    set search_path = pg_catalog, pg_temp
as $$
    /* What the relays report of a document. */
    with reports as (
        select s.subscribers, s.notified, s.read, s.error, coalesce(r.name, r.id::text) as name,
            coalesce(to_char(s.notified, 'YYYY-MM-DD HH24:MI:SS.MS TZ'), 'never') as notified_at,
            coalesce(to_char(s.read, 'YYYY-MM-DD HH24:MI:SS.MS TZ'), 'never') as read_at,
            coalesce(s.read >= s.notified, true)
                or s.notified > clock_timestamp() - interval '10 seconds' as fresh
        from crier.subscriptions s join crier.relays r on r.id = s.relay
        where s.key = explain_subscriptions.key
          and r.seen > clock_timestamp() - interval '60 seconds')
    select f.step, f.ok, f.detail, f.hint
    from reports s cross join lateral (values
        ('subscribers', true, format('%s at relay %s', s.subscribers, s.name), null),
        ('notified', true, format('%s, relay %s', s.notified_at, s.name), null),
        ('read', s.fresh, format('%s, relay %s', s.read_at, s.name), case when not s.fresh then
            'It was not read since the latest notification: look at the relay''s log and its pool.' end),
        ('error', s.error is null, format('%s, relay %s', s.error, s.name),
            'The relay''s latest read failed with this; streams keep the last good document.'))
        as f(step, ok, detail, hint)
    where f.step <> 'error' or not f.ok
    union all
    select 'subscribers', true, '0: no relay reports an open stream', null
    where not exists (select from reports);
$$;
comment on function crier.explain_subscriptions(text) is
    'Private: what the relays report of a document.';
revoke all on function crier.explain_subscriptions(text) from public;
