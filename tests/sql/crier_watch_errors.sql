/* Every error of crier.watch: its SQLSTATE, and that it says what is wrong and what to do. */
begin;
select no_plan();

\ir lib/refused.sql

create schema watch;
create table watch.t (id integer, gone integer);
alter table watch.t drop column gone;
create view watch.v as select * from watch.t;
create materialized view watch.m as select * from watch.t;
create sequence watch.s;
create index i on watch.t (id);
create type watch.c as (id integer);
create temporary table temporary (id integer);
create table watch.part (id integer, k integer) partition by list (k);
create table watch.part_1 partition of watch.part for values in (1);
create table watch.child () inherits (watch.t);
create foreign data wrapper crier_test;
create server crier_test foreign data wrapper crier_test;
create foreign table watch.f (id integer) server crier_test;
create table watch.mixed (id integer, k integer) partition by list (k);
create foreign table watch.mixed_1 partition of watch.mixed for values in (1) server crier_test;

select pg_temp.refused(format('select crier.watch(%L, %L)', v.relation, v.topic), v.state, v.what)
from (values
    ('watch.t x', '/{id}', 'CR050', 'a table that cannot be read'),
    ('', '/{id}', 'CR050', 'an empty name'),
    ('watch.missing', '/{id}', 'CR051', 'a table that is not there'),
    ('nowhere.t', '/{id}', 'CR051', 'a schema that is not there'),
    (null, '/{id}', 'CR051', 'no table'),
    ('watch.v', '/{id}', 'CR052', 'a view'),
    ('watch.m', '/{id}', 'CR052', 'a materialized view'),
    ('watch.s', '/{id}', 'CR052', 'a sequence'),
    ('watch.i', '/{id}', 'CR052', 'an index'),
    ('watch.c', '/{id}', 'CR052', 'a composite type'),
    ('watch.f', '/{id}', 'CR052', 'a foreign table'),
    ('temporary', '/{id}', 'CR052', 'a temporary table'),
    ('pg_catalog.pg_class', '/{oid}', 'CR052', 'a system catalog'),
    ('crier.routes', '/{id}', 'CR052', 'a table of pgcrier''s own'),
    ('watch.mixed', '/{id}', 'CR053', 'a foreign partition'),
    ('watch.t', '/{missing}', 'CR054', 'a column that is not there'),
    ('watch.t', '/{gone}', 'CR054', 'a column that was dropped'),
    ('watch.t', '/{ID}', 'CR054', 'a column in other letters'),
    ('watch.t', '/{ctid}', 'CR054', 'a system column'),
    ('watch.part_1', '/{id}', 'CR055', 'a partition'),
    ('watch.child', '/{id}', 'CR055', 'a child'),
    ('watch.t', null, 'CR001', 'no topic'),
    ('watch.t', '', 'CR001', 'an empty topic'),
    ('watch.t', '/', 'CR001', 'a topic that is only a slash'),
    ('watch.t', 'a{id}', 'CR001', 'a parameter that is not a whole segment'),
    ('watch.t', 'a//{id}', 'CR001', 'an empty segment'),
    ('watch.t', 'a/{id}/', 'CR001', 'a slash at the end'),
    ('watch.t', 'a b/{id}', 'CR001', 'a space'),
    ('watch.t', '/a?x={id}', 'CR001', 'a query'),
    ('watch.t', repeat('x', 1001), 'CR001', 'a topic of 1,001 octets'),
    ('watch.t', repeat('x/', 32) || 'x', 'CR001', 'a topic of 33 segments')
) as v(relation, topic, state, what);

select is_empty($$ select from crier.watches where relation like 'watch.%' $$, 'what was refused left nothing behind');
select is_empty($$ select from pg_trigger where tgname like 'crier_watch%' and tgrelid in (select oid from pg_class where relnamespace = 'watch'::regnamespace) $$,
    'nor any trigger');

select lives_ok(format('select crier.watch(%L, %L)', 'watch.t', v.topic), v.what || ': is accepted')
from (values (repeat('x', 1000), 'a topic of 1,000 octets'), (repeat('x/', 31) || '{id}', 'a topic of 32 segments'),
    ('{id}', 'a topic that is only a parameter'), ('/{id}/{id}', 'a column twice')) as v(topic, what);

select * from finish();
rollback;
