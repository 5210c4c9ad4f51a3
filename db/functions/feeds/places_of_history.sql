create or replace function feeds.places_of_history()
    returns table (feed text, post_id uuid, place bigint) language sql stable
    set search_path = pg_catalog, pg_temp
as $$
    /* Which post stands where, from the history alone: a post is in the feeds of the tags that its
       latest event leaves it with, each at the event that brought the tag most recently. */
    with version as (
        select e.id, (v.post ->> 'id')::uuid as post_id,
            case when e.name <> 'PostDeleted' and json_typeof(v.post -> 'tags') = 'array'
                 then array(select json_array_elements_text(v.post -> 'tags')) else '{}' end as tags
        from feeds.events e,
            lateral (select coalesce(e.payload -> 'new_post', e.payload -> 'post')) as v(post)
        where e.name <> 'FeedUpdated'),
    step as (
        select v.*, lag(v.tags, 1, '{}') over versions as before, lead(v.id) over versions is null as latest
        from version v window versions as (partition by v.post_id order by v.id)),
    brought as (
        select s.post_id, t.tag, max(s.id) as place
        from step s, lateral (select unnest(s.tags) except select unnest(s.before)) as t(tag)
        group by s.post_id, t.tag)
    select b.tag, b.post_id, b.place
    from step s, unnest(s.tags) as t(tag), brought b
    where s.latest and b.post_id = s.post_id and b.tag = t.tag;
$$;
comment on function feeds.places_of_history() is 'What feeds.places should be, from feeds.events alone.';
revoke all on function feeds.places_of_history() from public;
