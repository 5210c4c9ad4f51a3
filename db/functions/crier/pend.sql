create or replace function crier.pend(payloads text[])
    returns text[] language plpgsql volatile
as $$
declare
    payload pg_catalog.text;
    changed pg_catalog.text;
    others pg_catalog.text[] := '{}';
begin
    /* Called by the triggers of watches in READ COMMITTED, with at most 8 references to be sent.
       Topics that somebody reads inline are left to the end of the transaction; returns the references
       that are to be sent now. Not pinned, for speed; hence every name is qualified, operators too.
       One topic at a time, because PostgreSQL would plan a query for an array anew each time. A
       reference is {"topic":"..."}, without escapes. */
    foreach payload in array payloads loop
        changed := pg_catalog.substr(payload, 11, pg_catalog.length(payload) operator(pg_catalog.-) 12);
        if not exists (select from crier.wanted w where w.topic operator(pg_catalog.=) changed)
            or not crier.pend_topic(changed)
        then
            others := others operator(pg_catalog.||) payload;
        end if;
    end loop;
    return others;
end
$$;
comment on function crier.pend(text[]) is
    'Private: leaves what is read inline to the end of the transaction; returns what is to be notified now.';
revoke all on function crier.pend(text[]) from public;
