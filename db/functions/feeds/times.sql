create or replace function feeds.times(_name text)
    returns crier.json_text language sql stable parallel safe security definer
    set search_path = pg_catalog, pg_temp
    set timezone = 'UTC'
    set jit = off
as $$
    /* When the posts of a feed were posted, and last edited. Apart from the feed, whose form is fixed. */
    select '{"times":{' || coalesce(string_agg(
        format('"%s":[%s,%s]', p.id, to_json(p.created_at), coalesce(to_json(p.edited_at)::text, 'null')),
        ',' order by l.place desc), '') || '}}'
    from feeds.places l join feeds.posts p on p.id = l.post_id
    where l.feed = feeds.feed_name(_name);
$$;
comment on function feeds.times(text) is
    'GET /api/feeds/{name}/times: {"times":{id:[created_at, edited_at or null]…}}.';
