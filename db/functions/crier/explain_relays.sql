create or replace function crier.explain_relays()
    returns setof crier.finding language sql stable
    set search_path = pg_catalog, pg_temp
as $$
    /* Which relays are at work, or which was the last. */
    with relays as (
        select coalesce(r.name, r.id::text) as name, r.version, r.role, r.listening, r.seen,
            r.seen > clock_timestamp() - interval '60 seconds' as alive
        from crier.relays r)
    select 'relay', r.listening,
        format('%s (%s, role %s) was seen %s s ago%s', r.name,
            coalesce(r.version, 'version unknown'), r.role,
            round(extract(epoch from clock_timestamp() - r.seen)),
            case when r.listening then '' else ' and has no LISTEN connection' end),
        case when not r.listening
             then 'Look at its log: until it listens, streams are repaired once a minute only.' end
    from relays r where r.alive
    union all
    select 'relay', false,
        coalesce((
            select format('no relay has been seen for 60 s; the last was %s at %s', r.name,
                to_char(r.seen, 'YYYY-MM-DD HH24:MI:SS TZ'))
            from relays r order by r.seen desc limit 1), 'no relay has been seen'),
        'Start one: pgcrier --database URL --listen 8080, with a role that crier.grant_relay was for.'
    where not exists (select from relays r where r.alive);
$$;
comment on function crier.explain_relays() is 'Private: which relays are at work.';
revoke all on function crier.explain_relays() from public;
