/* Schema feeds: everything says what it is, is declared to crier, and shows its documents to everybody
   and its tables to nobody. */
begin;
set local client_min_messages = 'warning';
select no_plan();

select is_empty($$ select declared, step, detail from crier.check() where not ok and declared <> 'relays' $$, 'crier has nothing to say');
select is_empty($$ select p.oid::regprocedure from pg_proc p where p.pronamespace = 'feeds'::regnamespace and coalesce(obj_description(p.oid, 'pg_proc'), '') = '' $$,
    'every function has a comment');
select is_empty($$ select p.oid::regprocedure from pg_proc p where p.pronamespace = 'feeds'::regnamespace and p.prosrc !~ '/\*' $$,
    'every function begins with what it is for');
select is_empty($$ select c.oid::regclass from pg_class c where c.relnamespace = 'feeds'::regnamespace and c.relkind in ('r', 'v') and coalesce(obj_description(c.oid, 'pg_class'), '') = '' $$,
    'every table has a comment');
select is_empty($$ select a.attrelid::regclass, a.attname from pg_attribute a join pg_class c on c.oid = a.attrelid
    where c.relnamespace = 'feeds'::regnamespace and c.relkind in ('r', 'v') and a.attnum > 0 and coalesce(col_description(c.oid, a.attnum), '') = '' $$,
    'every column has a comment');
select isnt(obj_description('feeds'::regnamespace, 'pg_namespace'), null, 'the schema has a comment');
select is_empty($$ select p.oid::regprocedure from pg_proc p where p.pronamespace = 'feeds'::regnamespace and p.prosecdef
    and not coalesce(p.proconfig @> array['search_path=pg_catalog, pg_temp'], false) $$,
    'what runs as its owner has a pinned search_path');
select is_empty($$ select p.oid::regprocedure from pg_proc p where p.pronamespace = 'feeds'::regnamespace
    and p.prorettype = 'crier.json_text'::regtype and (p.provolatile, p.proparallel, p.prosecdef) <> ('s', 's', true) $$,
    'what documents are made by is stable, parallel safe and runs as its owner');

select set_eq($$ select path, function, event, topic, inline from crier.routes where function like 'feeds.%' and kind = 'live' $$,
    $$ values ('/api/feeds', 'feeds.feeds_list()', 'data', null, true),
              ('/api/feeds/{name}', 'feeds.feed(text)', 'data', 'feeds.feed_topic(text)', false),
              ('/api/feeds/{name}/times', 'feeds.times(text)', 'data', 'feeds.feed_topic(text)', false),
              ('/api/posts/{id}', 'feeds.post(uuid)', 'data', null, true) $$,
    'the documents are declared');
select set_eq($$ select method, path, function from crier.routes where function like 'feeds.%' and kind = 'action' $$,
    $$ values ('POST', '/api/posts', 'feeds.create_post(text,text,text)'),
              ('PATCH', '/api/posts/{id}', 'feeds.update_post(uuid,text,text)'),
              ('POST', '/api/generate/post', 'feeds.generate_post()') $$,
    'and the writes');
select is(kind || ' ' || function, 'blob feeds.event_octets(bigint)', 'an event by itself') from crier.routes where path = '/events/feeds/{id}';
select is(channel, 'feeds_events', 'and the channel') from crier.routes where path = '/events/feeds';
select set_eq($$ select relation, topic from crier.watches where relation like 'feeds.%' $$,
    $$ values ('feeds.posts', '/api/posts/{id}'), ('feeds.sizes', '/api/feeds'), ('feeds.events', 'feed/{feed}') $$,
    'and what changes them');

create function pg_temp.route(path text) returns integer language sql as $$ select r.id from crier.routes r where r.path = $1 and r.method = 'GET' $$;
insert into feeds.posts (id, content) values (lpad('1', 32, 'a')::uuid, '#Catalog');
select is(crier.resolve(pg_temp.route('/api/posts/{id}'), format('{"id":"%s"}', upper(id::text))::json), '/api/posts/' || id, 'a post has one key') from feeds.posts where content = '#Catalog';
select is((crier.read(pg_temp.route('/api/feeds/{name}'), '{"name":"CataLOG"}')).topic, 'feed/catalog', 'a feed one topic');

-- Where all tables are published, PostgreSQL refuses to change rows that it could not name to others.
set local client_min_messages = 'error';
create publication feeds_everything for all tables;
select lives_ok($$ update feeds.posts set content = '#Catalogue' where content = '#Catalog' $$, 'in a publication of all tables: a post is edited');
select lives_ok($$ select feeds.sizes_fold(array['catalog', 'catalogue']) $$, 'sizes are folded');
select lives_ok($$ update feeds.posts set content = '#Catalog' where content = '#Catalogue' $$, 'and back');
drop publication feeds_everything;
set local client_min_messages = 'warning';

-- The relay's role needs nothing in feeds.
create role feeds_reader;
select crier.grant_relay('feeds_reader');
grant execute on all functions in schema public to feeds_reader;
set local role feeds_reader;
select is((crier.read(pg_temp.route('/api/feeds'), '{}')).document, feeds.feeds_list()::text, 'a role without privileges on the tables reads the list');
select is((crier.read(pg_temp.route('/api/feeds/{name}'), '{"name":"catalog"}')).document, feeds.feed('catalog')::text, 'a feed');
select lives_ok($$ select feeds.create_post('a', '#catalog', 'c') $$, 'and posts');
select lives_ok($$ select feeds.generate_post() $$, 'something random');
select throws_ok('select * from feeds.posts', '42501', null, 'but it reads no table');
select throws_ok('select * from feeds.events', '42501', null, 'nor the history');
select throws_ok('select feeds.rebuild()', '42501', null, 'and calls no function that is not for it');
reset role;

select * from finish();
rollback;
