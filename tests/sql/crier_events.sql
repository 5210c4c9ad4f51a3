/* crier.announce and crier.channel: what they do, and every error of theirs. */
begin;
select no_plan();

\ir lib/refused.sql

create schema events;
create function events.doc(_id integer) returns json language sql stable as $$ select to_json(_id) $$;
create function events.list() returns json language sql stable as $$ select '[]'::json $$;
create function events.topic(_id integer) returns text language sql stable as $$ select 'thread/1' $$;
select crier.live('/events/docs/{id}', 'events.doc', event => 'doc');
select crier.live('/events/threads/{id}', 'events.doc', event => 'tree', topic => 'events.topic');

-- What is sent is what the relay understands; the notifications themselves are heard in tests/http.
select lives_ok($$ select crier.announce('thread/17', 'presence', '{"who":"Ben"}') $$, 'announce: an event');
select lives_ok($$ select crier.announce('/events/docs/1?x=1', 'presence', 'null') $$, 'announce: JSON null is data');
select lives_ok($$ select crier.announce('say "x\y"', 'a: b', '[]') $$, 'announce: any topic, and any printable name');
select lives_ok($$ select crier.announce('thread/17', 'doc', '1') $$, 'announce: the name of another route''s documents is free');
select lives_ok(format($$ select crier.announce('t', 'e', to_json(repeat('x', %s))) $$, 7999 - length('{"topic":"t","event":"e","data":""}')),
    'announce: 7,999 octets');

select pg_temp.refused(format('select crier.announce(%s)', v.arguments), v.state, v.what)
from (values
    ($$ null, 'e', '1' $$, 'CR090', 'no topic'),
    ($$ '', 'e', '1' $$, 'CR090', 'an empty topic'),
    ($$ 't', 'e', null $$, 'CR090', 'no data'),
    ($$ 't', null, '1' $$, 'CR091', 'no name'),
    ($$ 't', '', '1' $$, 'CR091', 'an empty name'),
    ($$ 't', E'a\nid: 1', '1' $$, 'CR091', 'a name of two lines'),
    ($$ 't', E'a\r', '1' $$, 'CR091', 'a name with a carriage return'),
    ($$ 't', E'a\u007f', '1' $$, 'CR091', 'a name with DEL'),
    ($$ 't', repeat('x', 101), '1' $$, 'CR091', 'a long name'),
    ($$ 't', 'gone', '1' $$, 'CR091', 'the name gone'),
    ($$ 't', 'gap', '1' $$, 'CR091', 'the name gap'),
    ($$ '/events/docs/7', 'doc', '1' $$, 'CR091', 'the name of the path''s documents'),
    ($$ 'thread/1', 'tree', '1' $$, 'CR091', 'the name of documents whose topic a function names'),
    ($$ 't', 'e', to_json(repeat('x', 7965)) $$, 'CR092', '8,000 octets'),
    ($$ 't', 'e', to_json(repeat(chr(233), 4000)) $$, 'CR092', '8,000 octets in 4,000 characters'),
    ($$ repeat('x', 8000), 'e', '1' $$, 'CR092', 'a long topic')) v(arguments, state, what);
create function pg_temp.meant(topic text) returns text language plpgsql as $$
declare why text; begin perform crier.announce(topic, 'tree', '1'); return null;
exception when others then get stacked diagnostics why = pg_exception_detail; return why; end $$;
select crier.live('/events/any/{id}', 'events.doc', event => 'tree');
select crier.live('/events/any/7', 'events.list', event => 'tree');
select matches(pg_temp.meant(v.topic), '^The route ' || v.route || ' sends', 'announce: the name of documents, told by the route that is meant: ' || v.topic)
from (values ('/events/any/7', '/events/any/7'), ('/events/any/1', '/events/any/{id}'), ('thread/1', '/events/threads/{id}')) v(topic, route);
select throws_ok($$ select crier.announce('t', 'e', 'x') $$, '22P02', null, 'announce: data that are no JSON');

-- Announcing in a function that others may call, and in a relay's action.
select is((select p.prosecdef from pg_proc p where p.oid = 'crier.announce(text, text, json)'::regprocedure), true, 'announce: runs as its owner');
create role crier_test_relay;
select crier.grant_relay('crier_test_relay');
set local role crier_test_relay;
select lives_ok($$ select crier.announce('t', 'e', '1') $$, 'announce: a relay may');
reset role;
create role crier_test_nobody;
grant usage on schema crier to crier_test_nobody;
set local role crier_test_nobody;
select throws_ok($$ select crier.announce('t', 'e', '1') $$, '42501', null, 'announce: a stranger may not');
select throws_ok($$ select crier.channel('/events/x', 'x') $$, '42501', null, 'channel: a stranger may not');
reset role;

-- Channels.
create temporary table c on commit drop as select crier.channel('/events/orders', 'Orders "changed"') as id;
select results_eq(
    $$ select r.id, r.method, r.path, r.kind, r.function, r.channel, r.parameters from crier.routes r where r.path = '/events/orders' $$,
    $$ select c.id, 'GET', '/events/orders', 'channel', null::text, 'Orders "changed"', '[]'::jsonb from c $$, 'channel: a route');
select results_eq($$ select kind, channel, parameters from crier.relay_routes() where path = '/events/orders' $$,
    $$ values ('channel', 'Orders "changed"', '[]') $$, 'channel: as the relay sees it');
select is(crier.channel('/events/orders', 'other'), (select id from c), 'channel: again for the path keeps its id');
select is((select channel from crier.routes where path = '/events/orders'), 'other', 'channel: and changes the channel');
select lives_ok($$ select crier.channel('/events/both', 'other') $$, 'channel: two routes of one channel');
select lives_ok(format('select crier.channel(%L, %L)', '/events/name/' || n, name), 'channel: the name ' || name)
from unnest(array[repeat('x', 63), repeat('é', 31), 'Crier', 'crierish', ' ', 'criér_1', 'a;b--']) with ordinality v(name, n);
select is(crier.live('/events/orders', 'events.doc'), (select id from c), 'channel: a document may take its path');
select results_eq($$ select kind, channel from crier.routes where path = '/events/orders' $$, $$ values ('live', null::text) $$,
    'channel: and is nothing else then');
select is(crier.channel('/events/orders', 'orders'), (select id from c), 'channel: and a channel a document''s');
select results_eq($$ select kind, function, topic, channel from crier.routes where path = '/events/orders' $$,
    $$ values ('channel', null::text, null::text, 'orders') $$, 'channel: which is forgotten');
select is(crier.unroute('/events/both'), true, 'channel: unroute');

select pg_temp.refused(format('select crier.channel(%s)', v.arguments), v.state, v.what)
from (values
    ($$ '/events/x', null $$, 'CR095', 'a channel without a name'),
    ($$ '/events/x', '' $$, 'CR095', 'an empty name'),
    ($$ '/events/x', repeat('x', 64) $$, 'CR095', 'a name of 64 octets'),
    ($$ '/events/x', repeat(chr(233), 32) $$, 'CR095', 'a name of 64 octets in 32 characters'),
    ($$ '/events/x', 'crier' $$, 'CR095', 'the channel crier'),
    ($$ '/events/x', 'crier_1' $$, 'CR095', 'a channel of the relay''s'),
    ($$ '/events/{x}', 'x' $$, 'CR096', 'a path with a parameter'),
    ($$ 'events/x', 'x' $$, 'CR001', 'a path without a slash'),
    ($$ null, 'x' $$, 'CR001', 'no path')) v(arguments, state, what);

-- explain and check.
select results_eq($$ select step, ok from crier.explain('/events/orders') where step in ('route', 'channel', 'function', 'subscribers') $$,
    $$ values ('route', true), ('channel', true), ('subscribers', true) $$, 'explain: a channel');
select matches((select hint from crier.explain('/events/name/1') where step = 'channel'), '^Try it: notify x{63}, ''hello'';$', 'explain: how to try it');
select results_eq($$ select step, ok from crier.check() where declared = '/events/orders' $$, $$ values ('route', true), ('channel', true) $$,
    'check: a channel');

select * from finish();
rollback;
