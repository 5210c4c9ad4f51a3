create or replace function feeds.feeds_of_history()
    returns table (name text, number bigint, posts integer) language sql stable
    set search_path = pg_catalog, pg_temp
as $$
    /* Every feed, from the history alone: created by its first event, as big as it has posts. */
    select f.name, f.number, coalesce(p.posts, 0)
    from (select e.feed, min(e.id) from feeds.events e where e.name = 'FeedUpdated' group by e.feed) as f(name, number)
    left join (select h.feed, count(*)::integer from feeds.places_of_history() h group by h.feed) as p(name, posts)
        using (name);
$$;
comment on function feeds.feeds_of_history() is 'What feeds.feeds should be, from feeds.events alone.';
revoke all on function feeds.feeds_of_history() from public;
