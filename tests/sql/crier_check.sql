/* crier.check: everything declared, each cause once, and nothing wrong where all is well. */
begin;
select no_plan();

delete from crier.routes;
delete from crier.relays;
select crier.unwatch(relation, topic) from crier.watches;

select set_eq($$ select declared, step, ok from crier.check() $$, $$ values ('relays', 'relay', false) $$, 'check: nothing declared, no relay');

create schema ch;
create table ch.t (id integer primary key, thread integer);
create function ch.one(_id integer) returns json language sql stable as $$ select '1'::json $$;
create function ch.all_(_limit integer default 5) returns json language sql stable as $$ select '1'::json $$;
create function ch.topic(_id integer) returns text language sql stable as $$ select 'thread/' || _id $$;
select crier.live('/ch', 'ch.all_');
select crier.live('/ch/{id}', 'ch.one');
select crier.live('/ch/{id}/thread', 'ch.one', topic => 'ch.topic');
select crier.live('/ch/needs/query', 'ch.one');
select crier.watch('ch.t', '/ch/needs/query');
select crier.watch('ch.t', '/ch');
select crier.watch('ch.t', '/ch/{id}');
select crier.watch('ch.t', 'thread/{thread}');
select crier.relay_report('00000000-0000-0000-0000-000000000001', '{"name":"host:8080","listening":true}', '[]');

select is_empty('select * from crier.check() where not ok', 'check: all is well');
select set_eq($$ select declared, step from crier.check() $$,
    $$ values ('/ch', 'route'), ('/ch', 'function'), ('/ch', 'arguments'), ('/ch', 'document'), ('/ch', 'topic'), ('/ch', 'privilege'), ('/ch', 'inline'),
              ('/ch/{id}', 'route'), ('/ch/{id}', 'function'), ('/ch/{id}', 'privilege'), ('/ch/{id}', 'inline'),
              ('/ch/{id}/thread', 'route'), ('/ch/{id}/thread', 'function'), ('/ch/{id}/thread', 'privilege'), ('/ch/{id}/thread', 'inline'),
              ('/ch/needs/query', 'route'), ('/ch/needs/query', 'function'), ('/ch/needs/query', 'privilege'), ('/ch/needs/query', 'inline'), ('ch.t -> /ch/needs/query', 'watch'),
              ('ch.t -> /ch', 'watch'), ('ch.t -> /ch/{id}', 'watch'), ('ch.t -> thread/{thread}', 'watch'), ('relays', 'relay') $$,
    'check: every route, every watch, the relays; what needs no argument is tried');

create function pg_temp.names(declared text, step text, what text) returns text language sql as $$
    select is(count(*)::integer, 1, 'check names: ' || $3) from crier.check() c where not c.ok and c.hint <> '' and (c.declared, c.step) = ($1, $2) $$;

select crier.unwatch('ch.t', '/ch/needs/query');
select pg_temp.names('/ch/needs/query', 'watch', 'a route that no watch names, though it needs a query');
select crier.unwatch('ch.t', '/ch/{id}');
select pg_temp.names('/ch/{id}', 'watch', 'a route that no watch names');
select crier.watch('ch.t', '/ch/{id}');

do $$ begin execute format('alter table ch.t disable trigger crier_watch_%s_update', (select id from crier.watches where topic = '/ch/{id}')); end $$;
select pg_temp.names('ch.t -> /ch/{id}', 'triggers', 'a disabled trigger');
alter table ch.t enable trigger all;
alter table ch.t rename thread to root;
select pg_temp.names('ch.t -> thread/{thread}', 'watch', 'a column that is gone');
alter table ch.t rename root to thread;
alter table ch.t rename to u;
select pg_temp.names('ch.t -> /ch', 'watch', 'a table that is gone');
alter table ch.u rename to t;
create table ch.parent (id integer, thread integer);
alter table ch.t inherit ch.parent;
select pg_temp.names('ch.t -> /ch', 'watch', 'a table that became the child of another');
alter table ch.t no inherit ch.parent;

create or replace function ch.all_(_limit integer default 5) returns json language sql stable as $$ select null::json $$;
select pg_temp.names('/ch', 'document', 'a document that is NULL');
select crier.watch('ch.t', '/chh/{id}');
select is_empty($$ select * from crier.check() c where not c.ok and c.declared = 'ch.t -> /chh/{id}' $$,
    'check: a topic function may return what a watch names');
select crier.unroute('/ch/{id}/thread');
select pg_temp.names('ch.t -> /chh/{id}', 'watch', 'a watch for a path that no document has');
select pg_temp.names('ch.t -> thread/{thread}', 'watch', 'a watch for a topic, where no topic function is');
select crier.unwatch('ch.t', '/chh/{id}');
select crier.live('/ch/{id}/thread', 'ch.one', topic => 'ch.topic');
drop function ch.one(integer);
select pg_temp.names('/ch/{id}', 'function', 'a function that is gone');
create function ch.one(_id integer) returns json language sql stable as $$ select '1'::json $$;
create role crier_test_relay login;
update crier.relays set role = 'crier_test_relay';
select pg_temp.names('/ch/{id}', 'privilege', 'a relay without privileges');
update crier.relays set seen = now() - interval '2 minutes';
select pg_temp.names('relays', 'relay', 'a relay that fell silent');

select * from finish();
rollback;
