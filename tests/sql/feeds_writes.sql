/* What the actions call: a new post, an edited one, a random one. */
begin;
set local client_min_messages = 'warning';
select no_plan();
create function pg_temp.latest() returns text language sql as $$
    select payload -> 'post' ->> 'title' || '|' || (payload -> 'post' ->> 'content') || '|' || (payload -> 'post' ->> 'author') || '|'
        || (payload -> 'post' ->> 'id' ~ '^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$')
    from feeds.events where name = 'PostCreated' order by id desc limit 1 $$;

select feeds.create_post('t', 'c #x', 'a');
select is(pg_temp.latest(), 't|c #x|a|true', 'a post; its id is a UUID of version 4, in lower case');
select feeds.create_post();
select is(pg_temp.latest(), '|||true', 'what is not given is empty');
select feeds.create_post(null, null, null);
select is(pg_temp.latest(), '|||true', 'so is null');
select feeds.create_post(_author => 'me');
select is(pg_temp.latest(), '||me|true', 'by name');
select throws_ok($$ select feeds.create_post(_title => repeat('x', 256)) $$, '23514', null, 'a title that is too long');

create temporary table mine as select lpad('7', 32, '0')::uuid as id;
insert into feeds.posts (id, title, content, author) select id, 't', '#a', 'me' from mine;
create function pg_temp.post() returns text language sql as $$ select concat_ws('|', title, content, author) from feeds.posts where id = (select id from mine) $$;
select feeds.update_post((select id from mine), 'u', '#b');
select is(pg_temp.post(), 'u|#b|me', 'title and content are replaced, the author stays');
select feeds.update_post((select id from mine), 'v');
select is(pg_temp.post(), 'v|#b|me', 'what is not given stays');
select feeds.update_post((select id from mine), _content => '');
select is(pg_temp.post(), 'v||me', 'empty is given');
select throws_ok($$ select feeds.update_post(gen_random_uuid(), 'x', 'y') $$, 'PT404', null, 'an unknown post');
select throws_ok($$ select feeds.update_post((select id from mine), repeat('x', 256)) $$, '23514', null, 'too long');

truncate feeds.posts;
select feeds.generate_post() from generate_series(1, 300);
select is_empty($$ select title from feeds.posts where title !~ '^[A-Z]\S*( \S+){4}$' $$, 'random titles have 5 words');
select is_empty($$ select content from feeds.posts where content !~ '^\S+( [^ #]+){18} [^ #]+\.( #[a-z]+){1,3}$' $$, '20 words and a full stop, then 1 to 3 tags');
select is_empty($$ select author from feeds.posts where author !~ '^\S+ \S+$' $$, 'a full name');
select is((select count(distinct t)::integer from feeds.posts, unnest(tags) t), 7, 'out of seven tags');
select set_eq($$ select cardinality(regexp_split_to_array(content, ' #')) - 1 from feeds.posts $$, array[1, 2, 3], 'of each number');
select isnt_empty($$ select content from feeds.posts where content ~ '( #[a-z]+)\1' $$, 'with repetition');
select cmp_ok((select count(distinct (title, content)) from feeds.posts), '>', 290::bigint, 'each another');

select * from finish();
rollback;
