create or replace function crier.unwatch(relation text, topic text)
    returns boolean language plpgsql volatile
as $$
declare
    named constant text := crier.relation_text(relation);
    gone integer;
begin
    /* Forgets a watch and drops its triggers, also when the table is gone or has another name now.
       Not pinned, so that an unqualified name means what it means to the caller. */
    delete from crier.watches w
    where w.relation operator(pg_catalog.=) any (array[unwatch.relation, named])
      and w.topic operator(pg_catalog.=) unwatch.topic
    returning w.id into gone;
    if gone is not null then
        perform crier.watch_drop(gone);
    end if;
    return gone is not null;
end
$$;
comment on function crier.unwatch(text, text) is 'Forgets a watch and drops its triggers. False when there was none.';
revoke all on function crier.unwatch(text, text) from public;
