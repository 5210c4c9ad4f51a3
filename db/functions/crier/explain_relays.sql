create or replace function crier.explain_relays()
    returns setof crier.finding language sql stable
    set search_path = pg_catalog, pg_temp
as $$
    /* Which relays are at work. */
    select 'relay', r.listening,
        format('%s (%s, role %s) was seen %s s ago%s', coalesce(r.name, r.id::text), coalesce(r.version, 'version unknown'), r.role,
            round(extract(epoch from clock_timestamp() - r.seen)), case when r.listening then '' else ' and has no LISTEN connection' end),
        case when not r.listening then 'Look at its log: until it listens, streams are repaired once a minute only.' end
    from crier.relays r where r.seen > clock_timestamp() - interval '60 seconds'
    union all
    select 'relay', false,
        case when max(r.seen) is null then 'no relay has been seen'
             else format('no relay has been seen for 60 s; the last was %s at %s',
                (array_agg(coalesce(r.name, r.id::text) order by r.seen desc))[1],
                to_char(max(r.seen), 'YYYY-MM-DD HH24:MI:SS TZ')) end,
        'Start one: pgcrier --database URL --listen 8080, with a role that crier.grant_relay was for.'
    from crier.relays r
    having max(r.seen) is null or max(r.seen) <= clock_timestamp() - interval '60 seconds';
$$;
comment on function crier.explain_relays() is 'Private: which relays are at work.';
revoke all on function crier.explain_relays() from public;
