create or replace function feeds.update_post(_id uuid, _title text default null, _content text default null)
    returns void language plpgsql volatile security definer
    set search_path = pg_catalog, pg_temp
as $$
begin
    /* Replaces title and content; what is not given, or null, stays, as PATCH means it. The id is the
       URL's. */
    update feeds.posts p set title = coalesce(_title, p.title), content = coalesce(_content, p.content)
    where p.id = _id;
    if not found then
        raise exception using errcode = 'PT404', message = 'no such post';
    end if;
end
$$;
comment on function feeds.update_post(uuid, text, text) is
    'PATCH /api/posts/{id} {"title","content"}: replaces both; what is not given stays.';
