/* crier.read: the document, its topic and its snapshot in one statement, under settings of its own,
   with the caller's privileges, and errors as they are. */
begin;
select no_plan();

create schema read;
create schema "read 2";
create table read.t (id integer primary key, body text);
insert into read.t values (1, 'one');
create function read.doc(_id integer) returns json language sql stable as $$ select to_json(t) from read.t t where t.id = _id $$;
create function read.topic(_id integer) returns text language sql stable as $$ select 'topic/' || _id $$;
create function read.binary(_id integer default 3) returns jsonb language sql stable as $$ select jsonb_build_object('b', 1, 'a', _id) $$;
create function read.vouched() returns crier.json_text language sql stable as $$ select '{ "as":  "it is" }'::crier.json_text $$;
create function read.settings() returns json language plpgsql stable as $$
begin
    return json_build_array(current_setting('search_path'), current_setting('timezone'), current_setting('datestyle'),
        current_setting('intervalstyle'), current_setting('bytea_output'), current_setting('extra_float_digits'));
end $$;
create function "read 2".settings() returns json language plpgsql stable as $$
begin return to_json(current_setting('search_path')); end $$;
create function read.many(ids integer[], "limit" integer default 5, p_tags text[] default '{x}') returns json language sql stable
as $$ select json_build_array(ids, "limit", p_tags) $$;
create function read.snapshot_() returns json language sql stable as $$ select to_json(pg_current_snapshot()::text) $$;
create function read.raises(_state text) returns json language plpgsql as $$
begin raise exception using errcode = _state, message = 'as it is'; end $$;
create function read.who() returns json language sql stable as $$ select to_json(current_user) $$;
create function read.optional_topic(_id integer default 1) returns text language sql stable as $$ select 'o/' || _id $$;

select crier.live('/read/doc/{id}', 'read.doc');
select crier.live('/read/topic/{id}', 'read.doc', topic => 'read.topic');
select crier.live('/read/binary', 'read.binary', topic => 'read.optional_topic');
select crier.live('/read/vouched', 'read.vouched');
select crier.live('/read/settings', 'read.settings');
select crier.live('/read/settings2', '"read 2".settings');
select crier.live('/read/many', 'read.many');
select crier.live('/read/snapshot', 'read.snapshot_');
select crier.live('/read/raises', 'read.raises');
select crier.live('/read/who', 'read.who');
create function pg_temp.read(path text, arguments text default '{}', out document text, out topic text, out snapshot text) language sql as $$
    select document, topic, snapshot from crier.read((select id from crier.routes where path = '/read/' || $1), $2::json) $$;

select is(document, '{"id":1,"body":"one"}', 'read: the document') from pg_temp.read('doc/{id}', '{"id":"1"}');
select is(topic, null, 'read: no topic where the path is the topic') from pg_temp.read('doc/{id}', '{"id":"1"}');
select is(document, null, 'read: NULL stays NULL') from pg_temp.read('doc/{id}', '{"id":"2"}');
select is(count(*)::integer, 1, 'read: one row also for NULL') from pg_temp.read('doc/{id}', '{"id":"2"}');
select is(topic, 'topic/1', 'read: the topic function''s topic') from pg_temp.read('topic/{id}', '{"id":"01"}');
select is(topic, 'topic/2', 'read: a topic even where there is no document') from pg_temp.read('topic/{id}', '{"id":"2"}');
select is(document, '{"a": 3, "b": 1}', 'read: jsonb') from pg_temp.read('binary');
select is(topic, 'o/1', 'read: the topic of default arguments') from pg_temp.read('binary');
select is(topic, 'o/4', 'read: the topic of optional arguments that are given') from pg_temp.read('binary', '{"id":"4"}');
select is(document, '{ "as":  "it is" }', 'read: crier.json_text octet by octet') from pg_temp.read('vouched');
select is(document::json->>0, snapshot, 'read: the snapshot is the document''s') from (select json_build_array(r.document::json)::text as document, snapshot from pg_temp.read('snapshot') r) r;
select is(document, '[[1,2], 5, ["x"]]', 'read: arrays and defaults') from pg_temp.read('many', '{"ids":["1","2"]}');
select is(document, '[[1,2], 7, ["a","b"]]', 'read: arrays as JSON') from pg_temp.read('many', '{"ids":"[1,2]","limit":"7","tags":["a","b"]}');

set local timezone = 'Asia/Tokyo'; set local datestyle = 'German'; set local intervalstyle = 'iso_8601';
set local bytea_output = 'escape'; set local extra_float_digits = -5; set local search_path = 'nowhere', public;
select is(document, '["read, public, pg_temp", "UTC", "ISO, MDY", "postgres", "hex", "1"]', 'read: the settings are pinned')
from pg_temp.read('settings');
select is(document, '"\"read 2\", public, pg_temp"', 'read: the search_path is the function''s schema') from pg_temp.read('settings2');
select is(current_setting('search_path') || ' ' || current_setting('timezone') || ' ' || current_setting('datestyle'), 'nowhere, public Asia/Tokyo German, DMY',
    'read: the caller''s settings are the caller''s again');
reset search_path;

select throws_ok($$ select pg_temp.read('raises', '{"state":"PT402"}') $$, 'PT402', 'as it is', 'read: the function''s error passes through');
select throws_ok($$ select pg_temp.read('raises', '{"state":"22012"}') $$, '22012', 'as it is', 'read: of class 22 too');
select throws_ok($$ select pg_temp.read('raises', '{"state":"40001"}') $$, '40001', 'as it is', 'read: of class 40 too');
select throws_ok($$ select pg_temp.read('doc/{id}', '{"id":"x"}') $$, '22P02', null, 'read: a wrong argument is class 22');
select throws_ok($$ select pg_temp.read('doc/{id}', '{"id":"1","more":"1"}') $$, 'PT400', null, 'read: an unknown argument is the caller''s fault');
select throws_ok($$ select pg_temp.read('doc/{id}') $$, 'PT400', null, 'read: a missing argument is the caller''s fault');
select throws_ok($$ select pg_temp.read('doc/{id}', '{"id":["1"]}') $$, 'PT400', null, 'read: a repeated argument is the caller''s fault');
select throws_ok($$ select crier.read(-1, '{}') $$, 'PT404', null, 'read: no such route');

create role crier_test_relay;
select crier.grant_relay('crier_test_relay');
grant usage on schema read to crier_test_relay;
grant execute on function pg_temp.read(text, text) to crier_test_relay;
set local role crier_test_relay;
select is(document, '"crier_test_relay"', 'read: with the relay''s privileges') from crier.read((select id from crier.routes where path = '/read/who'), '{}');
select throws_ok($$ select crier.read((select id from crier.routes where path = '/read/doc/{id}'), '{"id":"1"}') $$, '42501', null,
    'read: and no others');
reset role;

-- The functions are stored by name: replaced ones are found.
drop function read.vouched();
select throws_ok($$ select pg_temp.read('vouched') $$, '42883', null, 'read: a function that is gone');
create function read.vouched() returns json language sql stable as $$ select '"again"'::json $$;
select is(document, '"again"', 'read: a function that was made again') from pg_temp.read('vouched');

select * from finish();
rollback;
