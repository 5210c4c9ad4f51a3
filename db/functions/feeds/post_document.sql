create or replace function feeds.post_document(id uuid, title text, content text, author text, tags text[])
    returns text language sql stable parallel safe
as $$
    /* The JSON of a post. Neither strict nor pinned, so that it is inlined: no name in it needs a
       search_path. */
    select pg_catalog.concat(
        '{"id":"', id, '","title":', pg_catalog.to_json(title), ',"content":', pg_catalog.to_json(content),
        ',"author":', pg_catalog.to_json(author), ',"tags":', coalesce(pg_catalog.to_json(tags)::pg_catalog.text, 'null'), '}');
$$;
comment on function feeds.post_document(uuid, text, text, text, text[]) is 'Private: the JSON of a post.';
revoke all on function feeds.post_document(uuid, text, text, text, text[]) from public;
