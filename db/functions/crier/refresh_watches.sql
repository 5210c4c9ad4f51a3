create or replace function crier.refresh_watches()
    returns integer language plpgsql volatile security definer
    set search_path = pg_catalog, pg_temp
    set lock_timeout = '1s'
as $$
declare
    watch crier.watches;
    changes integer := 0;
begin
    /* Brings every watch up to date: partitions attached or detached, columns of another type, a
       newer pgcrier. A table that is gone is passed by, one that is busy or not ours to change too;
       crier.check tells. Where a foreign table became a partition the triggers go, because
       PostgreSQL refuses writes to it through a parent that has transition tables. */
    for watch in select * from crier.watches w where to_regclass(w.relation) is not null order by w.id loop
        begin
            perform crier.relation_check(to_regclass(watch.relation), watch.topic);
            changes := changes + crier.watch_install(watch.id, to_regclass(watch.relation), watch.topic);
        exception
            when sqlstate 'CR053' then
                changes := changes + crier.watch_drop(watch.id);
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
