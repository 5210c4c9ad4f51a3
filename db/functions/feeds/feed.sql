create or replace function feeds.feed(_name text)
    returns crier.json_text language plpgsql stable parallel safe security definer
    set search_path = pg_catalog, pg_temp
    set jit = off
as $$
declare
    wanted constant text := feeds.feed_name(_name);
begin
    /* A feed with its posts, the newest on top; NULL if no post ever had that tag. */
    if not exists (select from feeds.sizes s where s.feed = wanted) then
        return null;
    end if;
    return (
        select '{"name":' || to_json(wanted) || ',"posts":[' || coalesce(string_agg(
            feeds.post_document(p.id, p.title, p.content, p.author, p.tags), ',' order by l.place desc), '') || ']}'
        from feeds.places l join feeds.posts p on p.id = l.post_id
        where l.feed = wanted);
end
$$;
comment on function feeds.feed(text) is
    'GET /api/feeds/{name}: {"name","posts":[…]}, newest first; NULL if no post ever had that tag.';
