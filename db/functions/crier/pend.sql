create or replace function crier.pend(payloads text[])
    returns text[] language plpgsql volatile
as $$
declare
    topics constant pg_catalog.text[] := array(
        select pg_catalog.substr(p.payload, 11, pg_catalog.length(p.payload) operator(pg_catalog.-) 12)
        from pg_catalog.unnest(payloads) with ordinality as p(payload, n) order by p.n);
    live pg_catalog.text[];
begin
    /* Called by the triggers of watches in READ COMMITTED, with at most 8 references to be sent.
       Topics that somebody reads inline are left to the end of the transaction, where pending_due
       tells of them; returns the references that are to be sent now. Not pinned, for speed; hence
       every name is qualified, operators too. A reference is {"topic":"..."}, without escapes. */
    live := array(
        select s.topic from crier.subscriptions s join crier.relays l on l.id operator(pg_catalog.=) s.relay
        where s.topic operator(pg_catalog.=) any (topics)
          and s.arguments is not null and s.error is null
          and s.octets operator(pg_catalog.<) 8000 and s.milliseconds operator(pg_catalog.<) crier.build_limit()
          and l.seen operator(pg_catalog.>) (pg_catalog.clock_timestamp() operator(pg_catalog.-) interval '60 seconds'));
    if pg_catalog.cardinality(live) operator(pg_catalog.=) 0 then
        return payloads;
    end if;
    insert into crier.pending (xid, topic)
    select pg_catalog.pg_current_xact_id(), t.topic from pg_catalog.unnest(live) as t(topic)
    on conflict do nothing;
    if live operator(pg_catalog.@>) topics then
        return '{}';
    end if;
    return array(
        select p.payload from pg_catalog.unnest(payloads, topics) as p(payload, topic)
        where p.topic operator(pg_catalog.<>) all (live));
end
$$;
comment on function crier.pend(text[]) is
    'Private: leaves what is read inline to the end of the transaction; returns what is to be notified now.';
revoke all on function crier.pend(text[]) from public;
