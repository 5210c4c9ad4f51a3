create or replace function feeds.create_post(_title text default '', _content text default '', _author text default '')
    returns void language sql volatile security definer
    set search_path = pg_catalog, pg_temp
as $$
    /* A new post. What is not given, or null, is empty. */
    insert into feeds.posts (title, content, author)
    values (coalesce(_title, ''), coalesce(_content, ''), coalesce(_author, ''));
$$;
comment on function feeds.create_post(text, text, text) is
    'POST /api/posts {"title","content","author"}: a new post; what is not given is empty.';
