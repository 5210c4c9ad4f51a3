create or replace function crier.touch(path text)
    returns void language sql volatile security definer
    set search_path = pg_catalog, pg_temp
as $$
    /* Announces at commit that what belongs to this topic changed. A path's topic is without the
       query. A topic too long to be told is told as a template that fits it. Never raises. */
    select crier.notify(case
        when octet_length(t.topic) <= 1000 then '{"topic":' || to_json(t.topic) || '}'
        else '{"template":' || to_json(crier.topic_shape(t.topic)) || '}' end)
    from (select case when touch.path like '/%' then split_part(touch.path, '?', 1)
                      else touch.path end) as t(topic)
    where t.topic is not null;
$$;
comment on function crier.touch(text) is
    'Says that a document changed: crier.touch(''/api/posts/17''), its canonical path or its topic. Streams get it after the commit.';
