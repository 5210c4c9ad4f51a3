/* Schema talking: everything says what it is, is declared to crier, and shows its documents to everybody
   and its tables to nobody. */
begin;
select no_plan();

select is_empty($$ select p.oid::regprocedure from pg_proc p where p.pronamespace = 'talking'::regnamespace and coalesce(obj_description(p.oid, 'pg_proc'), '') = '' $$,
    'every function has a comment');
select is_empty($$ select p.oid::regprocedure from pg_proc p where p.pronamespace = 'talking'::regnamespace and p.prosrc !~ '/\*' $$,
    'every function begins with what it is for');
select is_empty($$ select c.oid::regclass from pg_class c where c.relnamespace = 'talking'::regnamespace and c.relkind = 'r' and coalesce(obj_description(c.oid, 'pg_class'), '') = '' $$,
    'every table has a comment');
select is_empty($$ select a.attrelid::regclass, a.attname from pg_attribute a join pg_class c on c.oid = a.attrelid
    where c.relnamespace = 'talking'::regnamespace and c.relkind = 'r' and a.attnum > 0 and coalesce(col_description(c.oid, a.attnum), '') = '' $$,
    'every column has a comment');
select isnt(obj_description('talking'::regnamespace, 'pg_namespace'), null, 'the schema has a comment');
select is_empty($$ select p.oid::regprocedure from pg_proc p where p.pronamespace = 'talking'::regnamespace and p.prosecdef
    and not coalesce(p.proconfig @> array['search_path=pg_catalog, pg_temp'], false) $$,
    'what runs as its owner has a pinned search_path');
select is_empty($$ select p.oid::regprocedure from pg_proc p where p.pronamespace = 'talking'::regnamespace
    and p.proname in ('recording_tree', 'recordings_list', 'thread_of') and (p.provolatile, p.proparallel) <> ('s', 's') $$,
    'what documents are made by is stable and parallel safe');

select set_eq($$ select method || ' ' || path, function, topic from crier.routes where function like 'talking.%' $$,
    $$ values ('GET /api/recordings', 'talking.recordings_list(integer)', null),
              ('GET /api/recordings/{id}', 'talking.recording_tree(integer)', 'talking.thread_of(integer)'),
              ('GET /api/recordings/{id}/audio', 'talking.audio(integer)', null),
              ('GET /api/waveforms', 'talking.waveforms(integer[])', null),
              ('POST /api/recordings', 'talking.create_recording(bytea,text,text,integer,integer,text,uuid)', null),
              ('POST /api/recordings/{id}/votes', 'talking.vote(integer,uuid,integer)', null),
              ('POST /api/recordings/{id}/presence', 'talking.presence(integer,text,text,text)', null) $$,
    'everything is declared');
select set_eq($$ select relation, topic from crier.watches where relation like 'talking.%' $$,
    $$ values ('talking.recordings', '/api/recordings'), ('talking.recordings', 'thread/{root_id}'), ('talking.audio', '/api/waveforms') $$,
    'recordings change the list and their thread, sounds the waveforms');

create function pg_temp.route(path text) returns integer language sql as $$ select r.id from crier.routes r where r.path = $1 and r.method = 'GET' $$;
insert into talking.recordings (id, parent_id, author) values (1000001, null, 'a'), (1000002, 1000001, 'b');
select is(crier.resolve(pg_temp.route('/api/recordings/{id}'), '{"id":"01000002"}'), '/api/recordings/1000002', 'a recording has one key');
select is((crier.read(pg_temp.route('/api/recordings/{id}'), '{"id":"1000002"}')).topic, 'thread/1000001', 'a reply''s document belongs to its thread');
select is(crier.resolve(pg_temp.route('/api/recordings'), '{"limit":"5"}'), '/api/recordings?limit=5', 'the list takes a limit');

-- The relay's role needs nothing in talking.
create role talking_reader;
select crier.grant_relay('talking_reader');
grant execute on all functions in schema public to talking_reader;
set local role talking_reader;
select is((crier.read(pg_temp.route('/api/recordings/{id}'), '{"id":"1000001"}')).document,
    talking.recording_tree(1000001)::text, 'a role without privileges on the tables reads a thread');
select ok((crier.read(pg_temp.route('/api/recordings'), '{}')).document like '{"recordings":[%', 'and the list');
select throws_ok('select * from talking.recordings', '42501', null, 'but no table');
select throws_ok('select * from talking.votes', '42501', null, 'least of all who voted');
select throws_ok($$ select talking.thread_sizes_fold('{1}') $$, '42501', null, 'and no function that writes');
reset role;

select * from finish();
rollback;
