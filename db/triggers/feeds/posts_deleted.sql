create or replace function feeds.posts_deleted()
    returns trigger language plpgsql volatile security definer
    set search_path = pg_catalog, pg_temp
as $$
begin
    /* Deleted posts: each is an event, and is gone from its feeds. */
    with deleted as materialized (
        select nextval('feeds.events_id_seq') as event, o.id, o.tags,
            feeds.post_document(o.id, o.title, o.content, o.author, o.tags) as document
        from old_rows o),
    changed as materialized (
        select nextval('feeds.events_id_seq') as event, f.*
        from (
            select t.tag, count(*) as posts from deleted d, unnest(d.tags) with ordinality as t(tag, n)
            group by t.tag order by min(array[d.event, t.n])) f),
    logged as (
        insert into feeds.events (id, name, payload)
        select d.event, 'PostDeleted', format('{"post":%s}', d.document)::json from deleted d
        union all
        select c.event, 'FeedUpdated', format('{"name":%s}', to_json(c.tag))::json from changed c),
    removed as (
        delete from feeds.places l using deleted d where l.post_id = d.id)
    insert into feeds.sizes (feed, number, posts) select c.tag, c.event, -c.posts from changed c;
    return null;
end
$$;
comment on function feeds.posts_deleted() is 'Trigger: deleted posts leave their feeds, and go into the history.';
revoke all on function feeds.posts_deleted() from public;

create or replace trigger _500_posts_deleted
    after delete on feeds.posts referencing old table as old_rows
    for each statement execute function feeds.posts_deleted();
