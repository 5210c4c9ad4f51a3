create or replace function feeds.posts_created()
    returns trigger language plpgsql volatile security definer
    set search_path = pg_catalog, pg_temp
as $$
begin
    /* New posts: each is an event, and goes on top of the feeds of its tags. One
       statement in 32 also folds the sizes of its feeds; not above READ COMMITTED, where rows that
       somebody else has folded would make the writer fail. */
    with created as materialized (
        select nextval('feeds.events_id_seq') as event, n.id, n.tags,
            feeds.post_document(n.id, n.title, n.content, n.author, n.tags) as document
        from new_rows n),
    tagged as (
        select c.event, c.id, t.tag, t.n from created c, unnest(c.tags) with ordinality as t(tag, n)),
    changed as materialized (
        select nextval('feeds.events_id_seq') as event, f.*
        from (select t.tag, count(*) as posts from tagged t group by t.tag order by min(array[t.event, t.n])) f),
    logged as (
        insert into feeds.events (id, name, payload)
        select c.event, 'PostCreated', format('{"post":%s}', c.document)::json from created c
        union all
        select c.event, 'FeedUpdated', format('{"name":%s}', to_json(c.tag))::json from changed c),
    placed as (
        insert into feeds.places (feed, post_id, place) select t.tag, t.id, t.event from tagged t)
    insert into feeds.sizes (feed, number, posts) select c.tag, c.event, c.posts from changed c;
    if random() < 1 / 32.0 and current_setting('transaction_isolation') = 'read committed' then
        perform feeds.sizes_fold(array(select distinct t.tag from new_rows n, unnest(n.tags) as t(tag)));
    end if;
    return null;
end
$$;
comment on function feeds.posts_created() is 'Trigger: new posts go on top of the feeds of their tags, and into the history.';
revoke all on function feeds.posts_created() from public;

create or replace trigger _500_posts_created
    after insert on feeds.posts referencing new table as new_rows
    for each statement execute function feeds.posts_created();
