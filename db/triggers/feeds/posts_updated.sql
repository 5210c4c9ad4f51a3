create or replace function feeds.posts_updated()
    returns trigger language plpgsql volatile security definer
    set search_path = pg_catalog, pg_temp
as $$
begin
    /* Edited posts: each is an event; goes on top of the feeds of tags that it did not have, out of
       those that it has no more, and keeps its place in the others, which have changed as well. What
       was written as it was before is no event; other times change only the feeds. Tags are compared as rows: a
       post may have thousands. */
    with edited as materialized (
        select nextval('feeds.events_id_seq') as event, v.*
        from (
            select o.id, o.tags as old_tags, n.tags as new_tags,
                feeds.post_document(o.id, o.title, o.content, o.author, o.tags) as original,
                feeds.post_document(n.id, n.title, n.content, n.author, n.tags) as document,
                (o.title, o.content, o.author) is distinct from (n.title, n.content, n.author) as is_event
            from old_rows o join new_rows n on n.id = o.id
            where (o.title, o.content, o.author, o.created_at, o.edited_at)
                is distinct from (n.title, n.content, n.author, n.created_at, n.edited_at)) v),
    tagged as materialized (
        select t.id, t.tag, max(t.event) as event, max(t.n) as n, sum(t.weight) as weight
        from (
            select e.event, e.id, o.tag, o.n, -1 from edited e, unnest(e.old_tags) with ordinality as o(tag, n)
            union all
            select e.event, e.id, n.tag, n.n, 1 from edited e, unnest(e.new_tags) with ordinality as n(tag, n)
            ) as t(event, id, tag, n, weight)
        group by t.id, t.tag),
    changed as materialized (
        select nextval('feeds.events_id_seq') as event, f.*
        from (select t.tag, sum(t.weight) as posts from tagged t group by t.tag order by min(array[t.event, t.n])) f),
    logged as (
        insert into feeds.events (id, name, payload)
        select e.event, 'PostUpdated', format('{"original_post":%s,"new_post":%s}', e.original, e.document)::json
        from edited e where e.is_event
        union all
        select c.event, 'FeedUpdated', format('{"name":%s}', to_json(c.tag))::json from changed c),
    removed as (
        delete from feeds.places l using tagged t
        where t.weight < 0 and l.post_id = t.id and l.feed = t.tag),
    placed as (
        insert into feeds.places (feed, post_id, place)
        select t.tag, t.id, t.event from tagged t where t.weight > 0)
    insert into feeds.sizes (feed, number, posts)
    select c.tag, c.event, c.posts from changed c where c.posts <> 0;
    if random() < 1 / 32.0 and current_setting('transaction_isolation') = 'read committed' then
        perform feeds.sizes_fold(array(select distinct t.tag from new_rows n, unnest(n.tags) as t(tag)));
    end if;
    return null;
end
$$;
comment on function feeds.posts_updated() is 'Trigger: edited posts enter and leave feeds with their tags, and go into the history.';
revoke all on function feeds.posts_updated() from public;

create or replace trigger _500_posts_updated
    after update on feeds.posts referencing old table as old_rows new table as new_rows
    for each statement execute function feeds.posts_updated();
