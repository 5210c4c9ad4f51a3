/* The read model equals what the history gives, after random edits by every kind of statement; and
   feeds.rebuild makes it so again when it does not. */
begin;
set local client_min_messages = 'warning';
select no_plan();
select setseed(0.42);

create function pg_temp.wrong() returns setof text language sql as $$
    select 'place: ' || p::text from (
        (table feeds.places except all select * from feeds.places_of_history())
        union all (select * from feeds.places_of_history() except all table feeds.places)) p
    union all
    select 'feed: ' || f::text from (
        (table feeds.feeds except all select * from feeds.feeds_of_history())
        union all (select * from feeds.feeds_of_history() except all table feeds.feeds)) f
    union all -- and that what the posts say themselves
    select 'tag: ' || t::text from (
        (select p.id, unnest(p.tags) as tag from feeds.posts p except all select l.post_id, l.feed from feeds.places l)
        union all (select l.post_id, l.feed from feeds.places l except all select p.id, unnest(p.tags) from feeds.posts p)) t
$$;
create function pg_temp.text() returns text language sql volatile as $$
    select coalesce(string_agg(' #' || feeds.pick('a b c d e F G é # a1'), feeds.pick('x y z')), '')
    from generate_series(1, floor(random() * 5)::integer) $$;
create function pg_temp.some(share float) returns setof uuid language sql volatile as $$
    select p.id from feeds.posts p where random() < share $$;
create function pg_temp.step() returns void language plpgsql as $$
declare
    dice constant float := random();
begin
    if dice < 0.3 then
        insert into feeds.posts (content) values (pg_temp.text());
    elsif dice < 0.4 then
        insert into feeds.posts (content) select pg_temp.text() from generate_series(1, (10 * random())::integer);
    elsif dice < 0.7 then
        update feeds.posts set content = pg_temp.text() where id in (select pg_temp.some(0.05));
    elsif dice < 0.75 then
        update feeds.posts set title = feeds.pick('1 2 3') where id in (select pg_temp.some(0.1));
    elsif dice < 0.85 then
        delete from feeds.posts where id in (select pg_temp.some(0.02));
    elsif dice < 0.9 then
        insert into feeds.posts (id, content) select p.id, pg_temp.text() from feeds.posts p where random() < 0.1
        on conflict (id) do update set content = excluded.content;
    elsif dice < 0.94 then
        with gone as (delete from feeds.posts where id in (select pg_temp.some(0.05)) returning id, content),
            changed as (update feeds.posts set content = pg_temp.text() where id in (select pg_temp.some(0.01)) and content not in (select content from gone))
        insert into feeds.posts (content) select content from gone;
    elsif dice < 0.995 then
        begin -- what is rolled back is no history
            insert into feeds.posts (content) values ('#never' || random());
            delete from feeds.posts;
            raise exception using errcode = 'P0F00';
        exception when sqlstate 'P0F00' then null;
        end;
    else
        truncate feeds.posts;
    end if;
end $$;

select is_empty('select pg_temp.wrong()', 'right at the beginning');
do $$ begin for i in 1..150 loop perform pg_temp.step(); end loop; end $$;
select is_empty('select pg_temp.wrong()', 'right after 150 random statements');
select cmp_ok((select count(*) from feeds.posts), '>', 5::bigint, 'there are posts');
select cmp_ok((select count(*) from feeds.events), '>', 500::bigint, 'and a history');
select cmp_ok((select count(*) from feeds.sizes), '<', (select count(*) from feeds.events where name = 'FeedUpdated'), 'sizes were folded');
do $$ begin for i in 1..150 loop perform pg_temp.step(); end loop; end $$;
select is_empty('select pg_temp.wrong()', 'right after 300');
select feeds.sizes_fold(array(select name from feeds.feeds));
select is_empty('select pg_temp.wrong()', 'folded: the same');
select is((select count(*) from feeds.sizes), (select count(*) from feeds.feeds), 'a row for each feed');

select is(feeds.rebuild(), 0::bigint, 'nothing to rebuild');
insert into feeds.posts (content) values ('#a #c #f #g');
create temporary table documents as select f.name, feeds.feed(f.name)::text as document, feeds.feeds_list()::text as list from feeds.feeds f;
delete from feeds.places where feed in ('a', 'c');
update feeds.places set place = -place where feed = 'f';
update feeds.sizes set posts = posts + 1 where feed in ('a', 'g');
insert into feeds.sizes values ('ghost', 1, 1);
select isnt_empty('select pg_temp.wrong()', 'broken by hand');
select is(feeds.rebuild(), 5::bigint, 'rebuilt: five feeds were wrong');
select is_empty('select pg_temp.wrong()', 'right again');
select is_empty($$ select name from documents d where (d.document, d.list) is distinct from (feeds.feed(d.name)::text, feeds.feeds_list()::text) $$, 'to the letter');
select is(feeds.rebuild(), 0::bigint, 'and again nothing to do');

-- The events themselves.
truncate feeds.posts;
insert into feeds.posts (id, title, content) values (lpad('1', 32, '0')::uuid, 't', '#x');
update feeds.posts set title = 'u', content = '';
delete from feeds.posts;
select is(string_agg(name || payload::text, E'\n' order by id), 'PostCreated{"post":{"id":"00000000-0000-0000-0000-000000000001","title":"t","content":"#x","author":"","tags":["x"]}}
FeedUpdated{"name":"x"}
PostUpdated{"original_post":{"id":"00000000-0000-0000-0000-000000000001","title":"t","content":"#x","author":"","tags":["x"]},"new_post":{"id":"00000000-0000-0000-0000-000000000001","title":"u","content":"","author":"","tags":null}}
FeedUpdated{"name":"x"}
PostDeleted{"post":{"id":"00000000-0000-0000-0000-000000000001","title":"u","content":"","author":"","tags":null}}', 'payloads, to the letter')
from (select * from feeds.events order by id desc limit 5) e;
select is((convert_from(feeds.event_octets(id), 'UTF8')::json ->> 'name'), 'PostDeleted', 'an event has a document') from feeds.events order by id desc limit 1;

select * from finish();
rollback;
