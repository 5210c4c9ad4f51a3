create or replace function crier.pend_topic(topic text)
    returns boolean language plpgsql volatile
as $$
begin
    /* Leaves a topic to the end of the transaction, where pending_due tells of it; false where 8 others
       have been left to it. A transaction has one row, so that one trigger stands for all of it. Not
       pinned, for speed; hence every name is qualified, operators too. */
    insert into crier.pending as p (xid, topics)
    values (pg_catalog.pg_current_xact_id(), array[topic])
    on conflict (xid) do update set topics = p.topics operator(pg_catalog.||) excluded.topics
    where pg_catalog.cardinality(p.topics) operator(pg_catalog.<) 8
      and not p.topics operator(pg_catalog.@>) excluded.topics;
    if found then
        return true;
    end if;
    return exists (
        select from crier.pending p
        where p.xid operator(pg_catalog.=) pg_catalog.pg_current_xact_id()
          and p.topics operator(pg_catalog.@>) array[topic]);
end
$$;
comment on function crier.pend_topic(text) is
    'Private: leaves a topic to the end of the transaction; false where there is no room for it.';
revoke all on function crier.pend_topic(text) from public;
