create or replace function feeds.sizes_fold(_feeds text[])
    returns void language sql volatile
    set search_path = pg_catalog, pg_temp
as $$
    /* Makes one row of the rows of each feed, also where they sum to nothing: a feed never goes. Waits
       for nobody: rows that another transaction is folding stay for the next time. */
    with gone as (
        delete from feeds.sizes t
        where t.ctid = any (array(
            select s.ctid from feeds.sizes s where s.feed = any (_feeds) for update skip locked))
        returning t.feed, t.number, t.posts)
    insert into feeds.sizes (feed, number, posts)
    select g.feed, min(g.number), sum(g.posts) from gone g group by g.feed;
$$;
comment on function feeds.sizes_fold(text[]) is 'Private: makes one row of the rows of each feed in feeds.sizes.';
revoke all on function feeds.sizes_fold(text[]) from public;
