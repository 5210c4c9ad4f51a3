create or replace function talking.votes_counted()
    returns trigger language plpgsql volatile security definer
    set search_path = pg_catalog, pg_temp
as $$
declare
    recordings integer[] := '{}';
    directions smallint[] := '{}';
    weights integer[] := '{}';
begin
    /* Keeps ups and downs of the recordings: a new vote counts 1, an old one -1, a changed one both.
       Rows are locked in order of their ids, or two statements with many votes could deadlock. */
    if tg_op = 'TRUNCATE' then
        perform talking.truncate_check();
        update talking.recordings r set ups = 0, downs = 0 where r.ups > 0 or r.downs > 0;
        return null;
    end if;
    if tg_op <> 'DELETE' then
        select coalesce(array_agg(n.recording_id), '{}'), array_agg(n.direction), array_agg(1)
        into recordings, directions, weights from new_rows n;
    end if;
    if tg_op <> 'INSERT' then
        select recordings || array_agg(o.recording_id), directions || array_agg(o.direction), weights || array_agg(-1)
        into recordings, directions, weights from old_rows o;
    end if;
    if cardinality(recordings) > 1 then
        perform from talking.recordings r where r.id = any (recordings) order by r.id for no key update;
    end if;
    update talking.recordings r set ups = r.ups + c.ups, downs = r.downs + c.downs
    from (
        select v.id,
            coalesce(sum(v.weight) filter (where v.direction > 0), 0) as ups,
            coalesce(sum(v.weight) filter (where v.direction < 0), 0) as downs
        from unnest(recordings, directions, weights) as v(id, direction, weight)
        group by v.id) c
    where r.id = c.id and (c.ups <> 0 or c.downs <> 0);
    return null;
end
$$;
comment on function talking.votes_counted() is 'Trigger: keeps ups and downs of the recordings that are voted on.';
revoke all on function talking.votes_counted() from public;

create or replace trigger _500_votes_inserted
    after insert on talking.votes referencing new table as new_rows
    for each statement execute function talking.votes_counted();
create or replace trigger _500_votes_updated
    after update on talking.votes referencing old table as old_rows new table as new_rows
    for each statement execute function talking.votes_counted();
create or replace trigger _500_votes_deleted
    after delete on talking.votes referencing old table as old_rows
    for each statement execute function talking.votes_counted();
create or replace trigger _500_votes_truncated
    after truncate on talking.votes
    for each statement execute function talking.votes_counted();
