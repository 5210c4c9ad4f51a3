create or replace function feeds.feeds_list()
    returns crier.json_text language sql stable parallel safe security definer
    set search_path = pg_catalog, pg_temp
    set jit = off
as $$
    /* All feeds in order of creation; those that lost their last post stay, with 0. */
    select '{"feeds":[' || coalesce(string_agg(
        '{"name":' || to_json(f.name) || ',"posts":' || f.posts || '}', ',' order by f.number), '') || ']}'
    from feeds.feeds f;
$$;
comment on function feeds.feeds_list() is
    'GET /api/feeds: {"feeds":[{"name","posts"}…]}, in order of creation.';
