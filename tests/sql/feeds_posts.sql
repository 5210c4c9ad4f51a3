/* What writing posts does to feeds: the contract's rules, by every kind of statement. */
begin;
set local client_min_messages = 'warning';
select no_plan();

truncate feeds.posts;
alter table feeds.events disable trigger _100_events_kept;
truncate feeds.events, feeds.sizes;
create function pg_temp.id(n integer) returns uuid language sql immutable as $$ select lpad(n::text, 32, '0')::uuid $$;
create function pg_temp.in_feed(name text) returns text language sql as $$
    select coalesce(string_agg(p ->> 'title', ' ' order by n), '') from jsonb_array_elements(feeds.feed(name)::jsonb -> 'posts') with ordinality as t(p, n) $$;
create function pg_temp.list() returns text language sql as $$
    select string_agg((f ->> 'name') || (f ->> 'posts'), ' ' order by n) from jsonb_array_elements(feeds.feeds_list()::jsonb -> 'feeds') with ordinality as t(f, n) $$;
create function pg_temp.edit(n integer, content text) returns void language sql as $$
    update feeds.posts set content = edit.content where id = pg_temp.id(n) $$;
-- The events since the last look.
create temporary table seen as select 0::bigint as id;
create function pg_temp.news() returns text language plpgsql as $$
declare
    result text;
begin
    select string_agg(e.name || coalesce(' ' || e.feed, ''), ', ' order by e.id) into result
    from feeds.events e where e.id > (select id from seen);
    update seen set id = (select max(id) from feeds.events);
    return result;
end $$;

-- Documents, to the letter.
select is(feeds.feeds_list()::text, '{"feeds":[]}', 'no feeds yet');
select is(feeds.feed('a'), null, 'an unknown feed');
select is(feeds.post(pg_temp.id(1)), null, 'an unknown post');
insert into feeds.posts (id, title, content, author) values (pg_temp.id(1), 'one', 'x #Zoo #a "quoted"', 'Ann');
select is(feeds.post(pg_temp.id(1))::text,
    '{"id":"00000000-0000-0000-0000-000000000001","title":"one","content":"x #Zoo #a \"quoted\"","author":"Ann","tags":["zoo","a"]}', 'a post');
select is(feeds.feed('ZOO')::text, '{"name":"zoo","posts":[' || feeds.post(pg_temp.id(1)) || ']}', 'a feed, found without regard to case');
select is(feeds.feeds_list()::text, '{"feeds":[{"name":"zoo","posts":1},{"name":"a","posts":1}]}', 'the list, in order of creation');
select is(feeds.feed_topic('ZoO'), 'feed/zoo', 'the topic is one for all spellings');
select is(feeds.feed_topic('Ż/ó'), 'feed/%C5%BB%2F%C3%B3', 'whatever somebody asks for');
select is(feeds.feed('żółw'), null, 'no such feed');
select is(pg_temp.news(), 'PostCreated, FeedUpdated zoo, FeedUpdated a', 'its events');

insert into feeds.posts (id, title) values (pg_temp.id(2), 'two');
select is(feeds.post(pg_temp.id(2))::text, '{"id":"00000000-0000-0000-0000-000000000002","title":"two","content":"","author":"","tags":null}', 'no tags: null');
select is(pg_temp.news(), 'PostCreated', 'an untagged post touches no feed');

-- Order.
insert into feeds.posts (id, title, content) values (pg_temp.id(3), 'three', '#a'), (pg_temp.id(4), 'four', '#a');
select is(pg_temp.in_feed('a'), 'four three one', 'new posts on top, rows in their order');
select is(pg_temp.news(), 'PostCreated, PostCreated, FeedUpdated a', 'one event for a feed that a statement changed');
select pg_temp.edit(3, '#a edited');
select is(pg_temp.in_feed('a'), 'four three one', 'edited, tag kept: position kept');
select is(pg_temp.news(), 'PostUpdated, FeedUpdated a', 'but it has changed there');
select ok(feeds.feed('a')::text like '%#a edited%', 'and everywhere the new text');
select is(pg_temp.list(), 'zoo1 a3', 'counts stay');
select is_empty('select from feeds.sizes where posts = 0', 'and nothing is noted about them: the list is not read again');
select pg_temp.edit(1, '#a #b');
select is(pg_temp.in_feed('zoo'), '', 'tag removed: taken out');
select is(feeds.feed('zoo')::text, '{"name":"zoo","posts":[]}', 'the feed stays');
select is(pg_temp.in_feed('b'), 'one', 'tag added: put in');
select is(pg_temp.list(), 'zoo0 a3 b1', 'and counted');
select is(pg_temp.news(), 'PostUpdated, FeedUpdated zoo, FeedUpdated a, FeedUpdated b', 'events for old, kept and new ones');
select pg_temp.edit(4, '#b');
select is(pg_temp.in_feed('b'), 'four one', 'tag added by an edit: on top');
select pg_temp.edit(1, '#b');
select pg_temp.edit(1, '#A #b');
select is(pg_temp.in_feed('a'), 'one three', 'removed and added again: on top');
select is(pg_temp.in_feed('b'), 'four one', 'kept: where it was');
update feeds.posts set content = content || ' #c' where title in ('one', 'three');
select is(pg_temp.list(), 'zoo0 a2 b2 c2', 'several at once');
select pg_temp.news();
create temporary table edited as select p.id, p.edited_at from feeds.posts p;
update feeds.posts set content = content, title = title;
select is(pg_temp.news(), null, 'what is written as it was is no event');
select set_eq('select p.id, p.edited_at from feeds.posts p', 'table edited', 'nor an edit');
update feeds.posts set title = 'drei' where id = pg_temp.id(3);
select is(pg_temp.news(), 'PostUpdated, FeedUpdated a, FeedUpdated c', 'a new title changes its feeds');
select is(edited_at is not null, true, 'and is noted') from feeds.posts where id = pg_temp.id(3);
select pg_temp.news();
update feeds.posts set created_at = '2026-01-01Z' where id = pg_temp.id(3);
select is(pg_temp.news(), (select string_agg('FeedUpdated ' || t.tag, ', ' order by t.n) from feeds.posts p, unnest(p.tags) with ordinality as t(tag, n)
    where p.id = pg_temp.id(3)), 'another time is no event of the post, but one of its feeds, which tell it');
update feeds.posts set created_at = created_at;
select is(pg_temp.news(), null, 'and the same is none');
update feeds.posts set author = 'x' where id = pg_temp.id(2);
select is(pg_temp.news(), 'PostUpdated', 'an untagged post, its author');
select throws_ok($$ update feeds.posts set id = gen_random_uuid() $$, '428C9', null, 'ids stay');

-- Of every length around what a notification takes: one octet more would make the writer fail.
select lives_ok($$ insert into feeds.posts (content) select repeat('x', n) from generate_series(7600, 7900) n $$, 'events of every length');
select ok(min(octets) < 7999 and max(octets) > 8000, 'those of 7,999 and of 8,000 octets among them') from (
    select octet_length(feeds.event_document(e.id, e.name, e.occurred_at, e.payload)) as octets
    from feeds.events e order by e.id desc limit 301) e;
delete from feeds.posts where content ~ '^x+$';
select pg_temp.news();

-- Other statements.
insert into feeds.posts (id, content) values (pg_temp.id(2), '#d') on conflict (id) do update set content = excluded.content;
select is(pg_temp.list(), 'zoo0 a2 b2 c2 d1', 'upsert: changed');
insert into feeds.posts (id, content) values (pg_temp.id(2), '#e') on conflict do nothing;
select is(pg_temp.list(), 'zoo0 a2 b2 c2 d1', 'upsert: left');
merge into feeds.posts p using (values (2, '#e'), (3, null), (9, '#e #a')) as n(n, content) on p.id = pg_temp.id(n.n)
    when matched and n.content is null then delete
    when matched then update set content = n.content
    when not matched then insert (id, title, content) values (pg_temp.id(n.n), 'nine', n.content);
select is(pg_temp.list(), 'zoo0 a2 b2 c1 d0 e2', 'merge: changed, deleted and new');
select is(pg_temp.in_feed('a'), 'nine one', 'in order');
with gone as (delete from feeds.posts where title = 'nine' returning content)
    insert into feeds.posts (id, title, content) select pg_temp.id(10), 'ten', content from gone;
select is(pg_temp.in_feed('a'), 'ten one', 'deleted and inserted in one statement');
select pg_temp.news();
delete from feeds.posts where id = pg_temp.id(10);
select is(pg_temp.news(), 'PostDeleted, FeedUpdated e, FeedUpdated a', 'deleted');
select is(pg_temp.list(), 'zoo0 a1 b2 c1 d0 e1', 'and gone from its feeds');
savepoint s;
insert into feeds.posts (content) values ('#new #a');
rollback to s;
select is(pg_temp.list(), 'zoo0 a1 b2 c1 d0 e1', 'rolled back: nothing happened');
delete from feeds.posts where false;
update feeds.posts set title = 'x' where false;
insert into feeds.posts (id) select id from feeds.posts where false;
select is(pg_temp.news(), null, 'statements without rows');
truncate feeds.posts;
select is(pg_temp.list(), 'zoo0 a0 b0 c0 d0 e0', 'TRUNCATE empties every feed');
select is((select count(*) from feeds.places)::integer, 0, 'wholly');
select is(name, 'FeedUpdated', 'and events as deletions are') from feeds.events order by id desc limit 1;

-- Long ones.
insert into feeds.posts (content) values ('#' || repeat('a', 65534));
select is(posts, 1, 'a tag longer than an index takes') from feeds.feeds where length(name) > 60000;
select is(length(feeds.feed(repeat('A', 65534))::text) > 65534, true, 'and its feed');
insert into feeds.posts (content) select string_agg('#' || to_hex(i), '') from generate_series(1, 10000) i;
select is((select count(*) from feeds.feeds where posts > 0)::integer, 10001, 'ten thousand tags in a post');
select throws_ok($$ insert into feeds.posts (title) values (repeat('ż', 256)) $$, '23514', null, 'a title of 256 characters');
select throws_ok($$ insert into feeds.posts (author) values (repeat('ż', 256)) $$, '23514', null, 'an author of 256');
select throws_ok($$ insert into feeds.posts (content) values (repeat('ż', 32767) || 'xx') $$, '23514', null, 'a text of 65,536 octets');
select lives_ok($$ insert into feeds.posts (title, author, content) values (repeat('ż', 255), repeat('ż', 255), repeat('ż', 32767) || 'x') $$, 'and as much as there may be');

-- The history stays.
alter table feeds.events enable trigger _100_events_kept;
select throws_ok('delete from feeds.events', '55000', null, 'the history cannot be deleted');
select throws_ok('update feeds.events set id = 1', '55000', null, 'nor changed');
select throws_ok('truncate feeds.events', '55000', null, 'nor truncated');

select * from finish();
rollback;
