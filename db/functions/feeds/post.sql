create or replace function feeds.post(_id uuid)
    returns crier.json_text language sql stable parallel safe security definer
    set search_path = pg_catalog, pg_temp
as $$
    /* A post; NULL if there is none. */
    select feeds.post_document(p.id, p.title, p.content, p.author, p.tags) from feeds.posts p where p.id = _id;
$$;
comment on function feeds.post(uuid) is
    'GET /api/posts/{id}: {"id","title","content","author","tags"}; NULL if there is none.';
