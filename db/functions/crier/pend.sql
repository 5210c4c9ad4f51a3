create or replace function crier.pend(payloads text[])
    returns text[] language plpgsql volatile
as $$
declare
    payload pg_catalog.text;
    changed pg_catalog.text;
    others pg_catalog.text[] := '{}';
begin
    /* Called by the triggers of watches in READ COMMITTED, with at most 8 references to be sent.
       Topics that somebody reads inline are left to the end of the transaction, where pending_due
       tells of them; returns the references that are to be sent now. Not pinned, for speed; hence
       every name is qualified, operators too. One topic at a time, because PostgreSQL would plan a
       query for an array anew each time. A reference is {"topic":"..."}, without escapes. */
    foreach payload in array payloads loop
        changed := pg_catalog.substr(payload, 11, pg_catalog.length(payload) operator(pg_catalog.-) 12);
        if exists (
            select from crier.subscriptions s join crier.relays l on l.id operator(pg_catalog.=) s.relay
            where s.topic operator(pg_catalog.=) changed
              and s.arguments is not null and s.error is null
              and s.octets operator(pg_catalog.<) 8000
              and s.milliseconds operator(pg_catalog.<) crier.build_limit()
              and l.seen operator(pg_catalog.>) (
                pg_catalog.clock_timestamp() operator(pg_catalog.-) interval '60 seconds'))
        then
            insert into crier.pending (xid, topic) values (pg_catalog.pg_current_xact_id(), changed)
            on conflict do nothing;
        else
            others := others operator(pg_catalog.||) payload;
        end if;
    end loop;
    return others;
end
$$;
comment on function crier.pend(text[]) is
    'Private: leaves what is read inline to the end of the transaction; returns what is to be notified now.';
revoke all on function crier.pend(text[]) from public;
