create or replace function talking.recording_moved()
    returns trigger language plpgsql volatile security definer
    set search_path = pg_catalog, pg_temp
as $$
declare
    root integer;
    left_roots integer[];
begin
    /* Takes the whole subtree of a moved recording to the thread where it is now, and refuses to
       put it below itself. Every statement here sees what committed before it, at READ COMMITTED
       only: hence no moves above. Moves come one at a time (talking.recording_moves), so the way up
       stands still. Replies do not: to set root_id waits for those that hold a parent, and what
       they added is found by looking again, until there is nothing to set. */
    if current_setting('transaction_isolation') not in ('read committed', 'read uncommitted') then
        raise exception using errcode = 'feature_not_supported',
            message = 'recordings can be moved at isolation level READ COMMITTED only',
            detail = format('This transaction is %s: it would not see what others moved or added meanwhile.',
                            upper(current_setting('transaction_isolation'))),
            hint = 'Move it in a transaction of its own: begin isolation level read committed;';
    end if;

    with recursive way(id, parent_id) as (
        select new.id, new.parent_id
        union
        select r.id, r.parent_id from way join talking.recordings r on r.id = way.parent_id)
    select w.id into root from way w where w.parent_id is null;
    if root is null then
        raise exception using errcode = 'check_violation',
            message = format('recording %s cannot be moved below itself', new.id),
            detail = format('Recording %s is among its replies, or is the same.', new.parent_id),
            schema = 'talking', table = 'recordings', column = 'parent_id';
    end if;

    loop
        with recursive part(id) as (
            select new.id
            union all
            select r.id from part join talking.recordings r on r.parent_id = part.id),
        stray as (
            select r.id, r.root_id from part join talking.recordings r on r.id = part.id where r.root_id <> root),
        moved as (
            update talking.recordings r set root_id = root
            from stray s where r.id = s.id
            returning s.root_id as left_root),
        counted as (
            insert into talking.thread_sizes (root_id, recordings)
            select m.left_root, -count(*) from moved m group by m.left_root
            union all
            select root, count(*) from moved m having count(*) > 0
            returning root_id)
        select array_agg(c.root_id) into left_roots from counted c;
        exit when left_roots is null;
        perform talking.thread_sizes_fold(left_roots);
    end loop;
    return null;
end
$$;
comment on function talking.recording_moved() is 'Trigger: takes the subtree of a moved recording to its new thread; refuses cycles.';
revoke all on function talking.recording_moved() from public;

create or replace trigger _500_recording_moved
    after update of parent_id on talking.recordings
    for each row when (old.parent_id is distinct from new.parent_id)
    execute function talking.recording_moved();
