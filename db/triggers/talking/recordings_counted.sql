create or replace function talking.recordings_counted()
    returns trigger language plpgsql volatile security definer
    set search_path = pg_catalog, pg_temp
as $$
begin
    /* Keeps talking.thread_sizes: what came or went, by thread, as a new row each. One statement in
       32 also folds the rows of its threads; not above READ COMMITTED, where rows that somebody
       else has folded would make the writer fail. */
    if tg_op = 'TRUNCATE' then
        truncate talking.thread_sizes;
    elsif tg_op = 'DELETE' then
        delete from talking.thread_sizes t using old_rows o where o.parent_id is null and t.root_id = o.id;
        insert into talking.thread_sizes (root_id, recordings)
        select o.root_id, -count(*) from old_rows o
        where exists (select from talking.recordings r where r.id = o.root_id)
        group by o.root_id;
    else
        insert into talking.thread_sizes (root_id, recordings)
        select n.root_id, count(*) from new_rows n group by n.root_id;
        if random() < 1 / 32.0 and current_setting('transaction_isolation') = 'read committed' then
            perform talking.thread_sizes_fold(array(
                select distinct n.root_id from new_rows n where n.parent_id is not null));
        end if;
    end if;
    return null;
end
$$;
comment on function talking.recordings_counted() is 'Trigger: keeps talking.thread_sizes.';
revoke all on function talking.recordings_counted() from public;

create or replace trigger _500_recordings_inserted
    after insert on talking.recordings referencing new table as new_rows
    for each statement execute function talking.recordings_counted();
create or replace trigger _500_recordings_deleted
    after delete on talking.recordings referencing old table as old_rows
    for each statement execute function talking.recordings_counted();
create or replace trigger _500_recordings_truncated
    after truncate on talking.recordings
    for each statement execute function talking.recordings_counted();
