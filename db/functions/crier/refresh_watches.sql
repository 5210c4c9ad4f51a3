create or replace function crier.refresh_watches()
    returns integer language plpgsql volatile security definer
    set search_path = pg_catalog, pg_temp
    set lock_timeout = '100ms'
as $$
declare
    watch crier.watches;
    changes integer := 0;
begin
    /* Brings every watch up to date: partitions attached or detached, columns of another type, a
       newer pgcrier. A table that is gone, or not ours to change, is passed by; crier.check tells.
       Writers come first: while it waits for a table they wait behind it, so it gives up soon, and
       at the first one, long before a deadlock would be looked for; the order is random so that no
       busy table keeps the others from their turn. Where a foreign table became a partition the
       triggers go, because PostgreSQL refuses writes to it through a parent that has transition
       tables.
       Rows of crier.pending that others can see are of transactions that are over: an error left them,
       or a dump brought them, whose numbers come again. */
    delete from crier.pending p where p.xid is distinct from pg_current_xact_id_if_assigned();
    for watch in
        select * from crier.watches w where to_regclass(w.relation) is not null order by random()
    loop
        begin
            -- Nobody would drop what we made for one that was given up meanwhile, or is being.
            perform from crier.watches w where w.id = watch.id for key share skip locked;
            continue when not found;
            perform crier.relation_check(to_regclass(watch.relation), watch.topic);
            changes := changes
                + crier.watch_install(watch.id, to_regclass(watch.relation), watch.topic);
        exception
            when sqlstate 'CR053' then
                changes := changes + crier.watch_drop(watch.id);
            when lock_not_available then
                exit;
            when others then
                continue;
        end;
    end loop;
    return changes;
end
$$;
comment on function crier.refresh_watches() is
    'Brings every watch''s triggers up to date, for partitions attached since; relays call it every minute. Returns how much there was to do.';
revoke all on function crier.refresh_watches() from public;
