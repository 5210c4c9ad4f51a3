create or replace function talking.thread_sizes_fold(_roots integer[])
    returns void language sql volatile
    set search_path = pg_catalog, pg_temp
as $$
    /* Makes one row of the rows of each thread, or none if they sum to nothing. Waits for nobody:
       rows that another transaction is folding stay for the next time. */
    with gone as (
        delete from talking.thread_sizes t
        where (t.root_id, t.id) in (
            select s.root_id, s.id from talking.thread_sizes s
            where s.root_id = any (_roots) for update skip locked)
        returning t.root_id, t.recordings)
    insert into talking.thread_sizes (root_id, recordings)
    select g.root_id, sum(g.recordings) from gone g group by g.root_id having sum(g.recordings) <> 0;
$$;
comment on function talking.thread_sizes_fold(integer[]) is 'Private: folds the rows of threads in talking.thread_sizes.';
revoke all on function talking.thread_sizes_fold(integer[]) from public;
