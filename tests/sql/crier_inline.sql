/* The pieces of inline notifications that one session can see: the signature, the settings, which
   triggers ask, and what is pending. What commits send is in tests/process/inline_writers.test.js. */
begin;
set local client_min_messages = 'warning';
select no_plan();

/* RFC 4231, test cases 1, 2 and 3; and HMAC with a key of 32 octets, by its definition. */
select is(crier.hmac(v.message, crier.hmac_pad(v.key, x'36'::integer), crier.hmac_pad(v.key, x'5c'::integer)), v.digest, 'hmac: ' || v.name)
from (values
    ('RFC 4231, 1', 'Hi There', decode(repeat('0b', 20), 'hex'), 'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7'),
    ('RFC 4231, 2', 'what do ya want for nothing?', 'Jefe'::bytea, '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843'),
    ('RFC 4231, 4', repeat(chr(205), 1), ''::bytea, encode(sha256(decode(repeat('5c', 64), 'hex') || sha256(decode(repeat('36', 64), 'hex') || convert_to(repeat(chr(205), 1), 'UTF8'))), 'hex'))
) as v(name, message, key, digest);
select is((select count(*) from crier.secret)::integer, 1, 'secret: one');
select is(length(key), 32, 'secret: 256 bits') from crier.secret;
select is(inner_pad, crier.hmac_pad(key, x'36'::integer), 'secret: its inner pad') from crier.secret;
select is(outer_pad, crier.hmac_pad(key, x'5c'::integer), 'secret: its outer pad') from crier.secret;
create temporary table before on commit drop as select key from crier.secret;
select crier.secret_make();
select is(key, (select key from before), 'secret: stays') from crier.secret;
select throws_ok($$ insert into crier.secret values (false, '', '', '') $$, '23514', null, 'secret: there is no other');
create role crier_test_nobody;
grant usage on schema crier to crier_test_nobody;
set local role crier_test_nobody;
select throws_ok('select * from crier.secret', '42501', null, 'secret: nobody''s to read');
select throws_ok('select crier.relay_secret()', '42501', null, 'secret: nobody''s to ask for');
select throws_ok('select * from crier.pending', '42501', null, 'pending: nobody''s to read');
select throws_ok($$ select crier.pend_topic('a') $$, '42501', null, 'pending: nobody''s to write');
select throws_ok($$ select crier.notify_inline('{a}') $$, '42501', null, 'inline: nobody''s to send');
reset role;

/* Reads and triggers build in one place, under the same settings, whatever the session has. */
create schema inl;
create function inl.settings(_id integer) returns json language sql stable security definer as $$
    select to_json(array[current_setting('timezone'), current_setting('datestyle'), current_setting('intervalstyle'), current_setting('bytea_output'), current_setting('extra_float_digits'), current_setting('search_path')]) $$;
create table inl.t (id integer, other integer);
create function inl.topic(_id integer) returns text language sql immutable as $$ select 'x' $$;
select crier.live('/inl/settings/{id}', 'inl.settings', inline => true);
create temporary table r on commit drop as select * from crier.routes where path = '/inl/settings/{id}';
set local timezone = 'Asia/Tokyo'; set local datestyle = 'German'; set local intervalstyle = 'iso_8601';
set local bytea_output = 'escape'; set local extra_float_digits = -5; set local search_path = nowhere, pg_catalog, public;
select is(b.document, '["UTC","ISO, MDY","postgres","hex","1","inl, public, pg_temp"]', 'build_inline: the settings are pinned')
from r, crier.build_inline('{"id":"1"}', r.id) b;
select is(b.document, q.document, 'build_inline: the same as crier.read') from r, crier.build_inline('{"id":"1"}', r.id) b, crier.read(r.id, '{"id":"1"}') q;
reset timezone; reset datestyle; reset intervalstyle; reset bytea_output; reset extra_float_digits; reset search_path;

/* What is generated for inline routes follows their declarations, and trusts nothing that changed since. */
create function pg_temp.built(arguments json) returns text language sql as $$
    select concat_ws('|', b.document, b.topic) from crier.routes r, crier.build_inline(arguments, r.id) b where r.path = '/inl/settings/{id}' $$;
create function inl.numbers(_id integer, _more integer[] default '{7}', p_text text default 'x''%s') returns json language sql immutable as $$ select json_build_array(_id, _more, p_text) $$;
create function inl.topic_of(_id integer, _more integer[] default null) returns text language sql stable security definer as $$ select case when _id > 0 then 'x' || cardinality(_more) end $$;
select crier.live('/inl/settings/{id}', 'inl.numbers', topic => 'inl.topic_of', inline => true);
select is(pg_temp.built('{"id":"1"}'), '[1, [7], "x''%s"]|', 'build_inline: what has a default and is not given; no topic is none of theirs');
select is(pg_temp.built('{"id":"1","more":["5","6"],"text":"a"}'), '[1, [5,6], "a"]|x2', 'build_inline: what has a default and is given');
alter function inl.topic_of volatile;
select is(pg_temp.built('{"id":"1"}'), '', 'build_inline: not with a function that became VOLATILE');
alter function inl.topic_of stable security invoker;
select is(pg_temp.built('{"id":"1"}'), '', 'build_inline: not with one that is not SECURITY DEFINER any more');
alter function inl.topic_of immutable;
select is(pg_temp.built('{"id":"1"}'), '[1, [7], "x''%s"]|', 'build_inline: an IMMUTABLE one may be anybody''s');
alter table crier.routes disable trigger crier_routes_changed;
update crier.routes set call = call || '{"x":1}' where path = '/inl/settings/{id}';
select is(pg_temp.built('{"id":"1"}'), '', 'build_inline: not a route that was declared otherwise meanwhile');
select is(crier.inline_function(), 1, 'inline_function: makes it what it ought to be');
select is(crier.inline_function(), 0, 'inline_function: once');
select is(pg_temp.built('{"id":"1"}'), '[1, [7], "x''%s"]|', 'build_inline: as it is declared now');
alter table crier.routes enable trigger crier_routes_changed;
select crier.live('/inl/settings/{id}', 'inl.settings');
select throws_ok($$ select pg_temp.built('{"id":"1"}') $$, 'P0002', null, 'build_inline: not a route that is inline no more');
select is((select count(*)::integer from pg_proc where proname = 'build_inline' and prosrc ~ 'inl\.'), 0, 'build_inline: nothing of it is left');

/* A route that becomes inline, or is not any more, changes the triggers whose topics it may have. */
create function pg_temp.asks(topic text) returns boolean language sql as $$
    select p.prosrc ~ 'crier\.pend\(' from pg_proc p join crier.watches w on p.proname = 'watch_' || w.id
    where p.pronamespace = 'crier'::regnamespace and w.relation = 'inl.t' and w.topic = asks.topic $$;
select crier.watch('inl.t', '/inl/settings/{id}');
select crier.watch('inl.t', '/inl/else/{other}');
select crier.watch('inl.t', 'thread/{other}');
select is(array[pg_temp.asks('/inl/settings/{id}'), pg_temp.asks('/inl/else/{other}'), pg_temp.asks('thread/{other}')], '{f,f,f}', 'watch: where no route is inline, no trigger asks');
select crier.live('/inl/settings/{id}', 'inl.settings', inline => true);
select is(array[pg_temp.asks('/inl/settings/{id}'), pg_temp.asks('/inl/else/{other}'), pg_temp.asks('thread/{other}')], '{t,f,f}', 'live: inline, the triggers ask for its topics');
select crier.live('/inl/settings/{id}', 'inl.settings', topic => 'inl.topic', inline => true);
select is(array[pg_temp.asks('/inl/settings/{id}'), pg_temp.asks('/inl/else/{other}'), pg_temp.asks('thread/{other}')], '{t,t,t}', 'live: inline with a topic function, all ask');
select is(crier.refresh_watches(), 0, 'refresh_watches: there is nothing more to do');
select crier.unroute('/inl/settings/{id}');
select is(array[pg_temp.asks('/inl/settings/{id}'), pg_temp.asks('/inl/else/{other}'), pg_temp.asks('thread/{other}')], '{f,f,f}', 'unroute: none asks any more');

/* What is left to the end of a transaction: one row, each topic once, at most 8. */
select is(array(select crier.pend_topic('t' || n) from generate_series(1, 9) n), '{t,t,t,t,t,t,t,t,f}', 'pend_topic: as many as a transaction may send inline');
select is(array[crier.pend_topic('t3'), crier.pend_topic('t10')], '{t,f}', 'pend_topic: one that is there is there; there is no room');
select results_eq('select topics from crier.pending where xid = pg_current_xact_id()', $$ values ('{t1,t2,t3,t4,t5,t6,t7,t8}'::text[]) $$, 'pend_topic: one row, each once');

/* A report that fits no index is left out; a topic that does not is not kept. */
select crier.relay_report('00000000-0000-0000-0000-000000000001', '{"name":"x","listening":true}', json_build_array(
    json_build_object('key', '/' || repeat(md5('a') || md5('b'), 40), 'route', 1, 'subscribers', 1),
    json_build_object('key', '/short', 'route', 1, 'subscribers', 1, 'topic', (select string_agg(md5(n::text), '') from generate_series(1, 300) n))));
select results_eq($$ select key, topic from crier.subscriptions where relay = '00000000-0000-0000-0000-000000000001' $$,
    $$ values ('/short', null::text) $$, 'relay_report: what is too long for an index is left out');

select * from finish();
rollback;
