/* What crier.watch makes: one function, four triggers at every level; refresh_watches and unwatch.
   What the triggers send is seen through a stand-in for crier.notify, because notifications leave at
   commit and this rolls back; tests/process/notify.test.js sees the real ones. */
begin;
select no_plan();

create temporary table heard (n serial, payload text) on commit drop;
create or replace function crier.notify(payload text) returns void language sql volatile
as $$ insert into pg_temp.heard (payload) values (payload) $$;
grant all on heard, heard_n_seq to public;
create function pg_temp.heard() returns text[] language sql as $$
    with gone as (delete from pg_temp.heard returning *) select coalesce(array_agg(distinct payload), '{}') from gone $$;

create schema watch;
create table watch.notes (id integer primary key, thread integer, body text);

select lives_ok($$ select crier.watch('watch.notes', 'thread/{thread}') $$, 'watch: declares');
select is(relation || ' ' || topic, 'watch.notes thread/{thread}', 'watch: is kept') from crier.watches where relation = 'watch.notes';
create temporary table w on commit drop as select id, 'watch_' || id as name from crier.watches where relation = 'watch.notes';
select set_eq(
    $$ select t.tgname::text, t.tgtype::integer, t.tgoldtable::text, t.tgnewtable::text, t.tgenabled::text
       from pg_trigger t where t.tgrelid = 'watch.notes'::regclass $$,
    $$ select format('crier_%s_%s', w.name, v.event), v.type, v.old, v.new, 'O' from w, (values
        ('insert', 4, null, 'new_rows'), ('update', 16, 'old_rows', 'new_rows'), ('delete', 8, 'old_rows', null), ('truncate', 32, null, null)
       ) as v(event, type, old, new) $$,
    'watch: makes four statement triggers with transition tables');
select is(count(distinct t.tgfoid)::integer, 1, 'watch: one function') from pg_trigger t where t.tgrelid = 'watch.notes'::regclass;
select ok(p.prosecdef and not has_function_privilege('public', p.oid, 'execute') and obj_description(p.oid) <> '',
    'watch: it runs as its owner, is nobody else''s to call, and says what it is')
from pg_proc p where p.proname = (select name from w) and p.pronamespace = 'crier'::regnamespace;

create temporary table rows_ on commit drop as select oid, ctid::text as place from pg_trigger where tgrelid = 'watch.notes'::regclass;
select is(crier.watch('watch.notes', 'thread/{thread}'), (select id from w), 'watch: again is the same watch');
select set_eq($$ select oid, ctid::text as place from pg_trigger where tgrelid = 'watch.notes'::regclass $$, 'table rows_',
    'watch: again leaves the triggers alone');

-- What is sent.
insert into watch.notes values (1, 1, 'a');
select is(pg_temp.heard(), '{"{\"topic\":\"thread/1\"}"}', 'insert: one row, one topic');
insert into watch.notes values (2, 1, 'a'), (3, 2, 'a'), (4, null, 'a');
select is(pg_temp.heard(), array['{"topic":"thread/1"}', '{"topic":"thread/2"}'], 'insert: several rows, their topics, NULL has none');
insert into watch.notes values (5, null, 'a');
select is(pg_temp.heard(), '{}', 'insert: NULL alone sends nothing');
update watch.notes set body = 'b' where id = 1;
select is(pg_temp.heard(), array['{"topic":"thread/1"}'], 'update: the topic, though no column of it changed');
update watch.notes set body = body where id = 1;
select is(pg_temp.heard(), array['{"topic":"thread/1"}'], 'update: even if nothing changed');
update watch.notes set thread = 9 where id = 1;
select is(pg_temp.heard(), array['{"topic":"thread/1"}', '{"topic":"thread/9"}'], 'move: old and new');
update watch.notes set thread = null where id = 1;
select is(pg_temp.heard(), array['{"topic":"thread/9"}'], 'move: away from every topic');
update watch.notes set thread = 8 where id = 1;
select is(pg_temp.heard(), array['{"topic":"thread/8"}'], 'move: from nowhere');
update watch.notes set body = 'c' where false;
delete from watch.notes where false;
insert into watch.notes select 1, 1, '' where false;
select is(pg_temp.heard(), '{}', 'no rows: nothing is sent');
delete from watch.notes where id in (1, 2);
select is(pg_temp.heard(), array['{"topic":"thread/1"}', '{"topic":"thread/8"}'], 'delete: the old topics');
truncate watch.notes;
select is(pg_temp.heard(), array['{"template":"thread/{thread}"}'], 'truncate: every topic of the watch');

insert into watch.notes select n, n from generate_series(1, 1000) n;
select is(cardinality(pg_temp.heard()), 1000, '1,000 topics are 1,000 notifications');
update watch.notes set body = 'x';
select is(cardinality(pg_temp.heard()), 1000, '1,000 topics, update');
insert into watch.notes values (1001, null);
update watch.notes set body = 'x';
select is(cardinality(pg_temp.heard()), 1000, '1,000 topics and a NULL are 1,000 notifications');
update watch.notes set thread = 1001 where id = 1001;
select pg_temp.heard();
update watch.notes set body = 'x';
select is(pg_temp.heard(), array['{"template":"thread/{thread}"}'], '1,001 topics are one');
insert into watch.notes values (1002, null);
update watch.notes set body = 'x';
select is(pg_temp.heard(), array['{"template":"thread/{thread}"}'], '1,001 topics and a NULL are one');
delete from watch.notes where thread is null;
delete from watch.notes where thread > 1;
select is(cardinality(pg_temp.heard()), 1000, '1,000 topics, delete');
truncate watch.notes;
select pg_temp.heard();
insert into watch.notes select n, n from generate_series(1, 1001) n;
select is(pg_temp.heard(), array['{"template":"thread/{thread}"}'], '1,001 topics are one, insert');
delete from watch.notes;
select is(pg_temp.heard(), array['{"template":"thread/{thread}"}'], '1,001 topics are one, delete');

insert into watch.notes select n, 1 from generate_series(1, 3000) n;
select is(pg_temp.heard(), array['{"topic":"thread/1"}'], '3,000 rows of one topic are one, insert');
update watch.notes set body = 'x';
select is(pg_temp.heard(), array['{"topic":"thread/1"}'], '3,000 rows of one topic are one, update');
delete from watch.notes;
select is(pg_temp.heard(), array['{"topic":"thread/1"}'], '3,000 rows of one topic are one, delete');

set crier.off = 'on';
insert into watch.notes values (1, 1, 'a');
truncate watch.notes;
select is(pg_temp.heard(), '{}', 'crier.off: silence');
set crier.off = 'off';
insert into watch.notes values (1, 1, 'a');
select is(pg_temp.heard(), array['{"topic":"thread/1"}'], 'crier.off: off again');
reset crier.off;

-- Long topics. thread/ has 7 octets, so 993 remain.
select crier.unwatch('watch.notes', 'thread/{thread}');
select crier.watch('watch.notes', 'thread/{body}');
insert into watch.notes values (10, 1, repeat('x', 993));
select is(pg_temp.heard(), array[format('{"topic":"thread/%s"}', repeat('x', 993))], '1,000 octets are told');
insert into watch.notes values (11, 1, repeat('x', 994));
select is(pg_temp.heard(), array['{"template":"thread/{body}"}'], '1,001 octets are not');
insert into watch.notes values (12, 1, repeat('é', 165) || 'xxx');
select is(pg_temp.heard(), array[format('{"topic":"thread/%sxxx"}', repeat('%C3%A9', 165))], '1,000 octets of multi-byte text are told');
insert into watch.notes values (13, 1, repeat('é', 165) || 'xxxx');
select is(pg_temp.heard(), array['{"template":"thread/{body}"}'], '1,001 octets of multi-byte text are not');
update watch.notes set body = case id when 11 then repeat('y', 994) else 'short' end where id in (10, 11);
select is(pg_temp.heard(), array['{"template":"thread/{body}"}'], 'one long topic among others: one for all');
insert into watch.notes values (14, 1, 'short'), (15, 1, repeat('z', 994));
select is(pg_temp.heard(), array['{"template":"thread/{body}"}'], 'two rows, one of them with a long topic: one for all');

-- The spelling does not depend on the writer's settings, and values are encoded.
create table watch.types (k text, t timestamptz, d date, b bytea, f float8, i interval, n numeric, c char(5), j jsonb, a integer[]);
select crier.watch('watch.types', 't/{k}/{t}/{d}/{b}/{f}/{i}/{n}/{c}/{j}/{a}');
insert into watch.types values ('a/b', '2026-11-21 12:00+02', '2026-02-01', '\x00ff', 0.1::float8 + 0.2, '1 day 02:00', 1.50, 'ab', '{"x":"ü"}', '{1,2}');
select is(pg_temp.heard(), array['{"topic":"t/a%2Fb/2026-11-21%2010%3A00%3A00%2B00/2026-02-01/%5Cx00ff/0.30000000000000004/1%20day%2002%3A00%3A00/1.50/ab/%7B%22x%22%3A%20%22%C3%BC%22%7D/%7B1%2C2%7D"}'],
    'spelling: canonical');
set local timezone = 'Asia/Tokyo'; set local datestyle = 'German'; set local intervalstyle = 'iso_8601'; set local bytea_output = 'escape'; set local extra_float_digits = -5;
update watch.types set k = k;
select is(pg_temp.heard(), array['{"topic":"t/a%2Fb/2026-11-21%2010%3A00%3A00%2B00/2026-02-01/%5Cx00ff/0.30000000000000004/1%20day%2002%3A00%3A00/1.50/ab/%7B%22x%22%3A%20%22%C3%BC%22%7D/%7B1%2C2%7D"}'],
    'spelling: whatever the writer''s settings');
select is(current_setting('timezone') || current_setting('datestyle'), 'Asia/TokyoGerman, DMY', 'spelling: and these stay the writer''s');
set local timezone = 'UTC'; set local datestyle = 'ISO'; set local intervalstyle = 'postgres'; set local bytea_output = 'hex'; set local extra_float_digits = 1;

-- Collations: two of them, and one that ignores case.
create collation watch.careless (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
create table watch.names (a text collate "C", b text collate "POSIX", c text collate watch.careless);
select crier.watch('watch.names', 'names/{a}/{b}');
select crier.watch('watch.names', 'careless/{c}');
insert into watch.names values ('a', 'b', 'x'), ('a', 'b', 'X'), ('é', 'b', 'x');
select is(pg_temp.heard(), array['{"topic":"careless/X"}', '{"topic":"careless/x"}', '{"topic":"names/%C3%A9/b"}', '{"topic":"names/a/b"}'],
    'collations do not matter');
-- Equal values that are spelled differently are different topics.
create table watch.numbers (n numeric);
select crier.watch('watch.numbers', 'numbers/{n}');
insert into watch.numbers values (1.0), (1.00), (1);
select is(pg_temp.heard(), array['{"topic":"numbers/1"}', '{"topic":"numbers/1.0"}', '{"topic":"numbers/1.00"}'], 'equal numbers, different spellings');

-- Whoever writes, however their session is set up.
create role crier_test_writer;
create table watch.fresh (id integer, thread integer, body text); -- its trigger function was never compiled
select crier.watch('watch.fresh', 'thread/{body}');
grant usage on schema watch to crier_test_writer;
grant all on watch.fresh to crier_test_writer;
create schema evil;
grant usage on schema evil to crier_test_writer;
do $$
declare
    body constant text := 'language plpgsql as ''begin raise ''''the writer''''''''s function was called''''; end''';
begin
    execute 'create function evil.current_setting(text, boolean) returns text ' || body;
    execute 'create function evil.cardinality(text[]) returns integer ' || body;
    execute 'create function evil.octet_length(text) returns integer ' || body;
    execute 'create function evil.array_remove(text[], text) returns text[] ' || body;
    execute 'create function evil.unnest(text[]) returns setof text ' || body;
    execute 'create function evil.pg_notify(text, text) returns void ' || body;
    execute 'create function evil.text_text(text, text) returns text ' || body;
    execute 'create function evil.compare(text, text) returns boolean ' || body;
    execute 'create function evil.compare(integer, integer) returns boolean ' || body;
end $$;
create operator evil.|| (function = evil.text_text, leftarg = text, rightarg = text);
create operator evil.= (function = evil.compare, leftarg = text, rightarg = text);
create operator evil.~ (function = evil.compare, leftarg = text, rightarg = text);
create operator evil.= (function = evil.compare, leftarg = integer, rightarg = integer);
create operator evil.> (function = evil.compare, leftarg = integer, rightarg = integer);
create operator evil.<= (function = evil.compare, leftarg = integer, rightarg = integer);
create type evil.text as enum ('the writer''s type was used');
grant execute on all functions in schema evil to crier_test_writer;
set local role crier_test_writer;
set local search_path = evil, pg_catalog;
insert into watch.fresh values (20, 1, 'p q');
insert into watch.fresh values (21, 1, 'r'), (22, 1, 's');
reset role;
set local search_path = public;
select is(pg_temp.heard(), array['{"topic":"thread/p%20q"}', '{"topic":"thread/r"}', '{"topic":"thread/s"}'],
    'a writer without any privilege on crier, with a hostile search_path, notifies');

-- Changes of the table: writers go on.
alter table watch.notes rename body to text;
select lives_ok($$ insert into watch.notes values (30, 1, 'x') $$, 'a renamed column: writers go on');
select is(pg_temp.heard(), array['{"template":"thread/{body}"}'], 'a renamed column: every topic is notified');
alter table watch.notes rename text to body;
insert into watch.notes values (31, 1, 'x');
select is(pg_temp.heard(), array['{"topic":"thread/x"}'], 'a column back again: as before');
alter table watch.notes drop column body;
select lives_ok($$ update watch.notes set thread = 1 where id = 31 $$, 'a dropped column: writers go on');
select is(pg_temp.heard(), array['{"template":"thread/{body}"}'], 'a dropped column: every topic is notified');
alter table watch.notes add column body integer;
insert into watch.notes (id, body) values (32, 5);
select is(pg_temp.heard(), array['{"topic":"thread/5"}'], 'a column of another type: still right');
alter table watch.notes alter column body type text using body::text;
insert into watch.notes (id, body) values (33, 'ä');
select is(pg_temp.heard(), array['{"topic":"thread/%C3%A4"}'], 'a column of yet another type: still encoded');

-- A constant topic.
select crier.watch('watch.types', '/all');
delete from watch.types;
select ok('{"topic":"/all"}' = any (pg_temp.heard()), 'a topic without columns: delete');
delete from watch.types;
select is(pg_temp.heard(), '{}', 'a topic without columns: no rows, no notification');
truncate watch.types;
select ok('{"topic":"/all"}' = any (pg_temp.heard()), 'a topic without columns: truncate is a topic too');

-- A literal with a quote; names that need quotes.
create table watch."Odd ""table" ("Größe" integer, "a b" text);
select crier.watch('watch."Odd ""table"', 'it''s/{Größe}/{a b}');
insert into watch."Odd ""table" values (1, 'x');
select is(pg_temp.heard(), array['{"topic":"it''s/1/x"}'], 'quotes: in literals, tables and columns');

-- Partitions, at every level, also those attached later.
create table watch.parts (id integer, k integer, thread integer) partition by list (k);
create table watch.parts_1 partition of watch.parts for values in (1) partition by list (id);
create table watch.parts_1_1 partition of watch.parts_1 for values in (1);
create table watch.parts_2 (pad text, thread integer, k integer, id integer);
alter table watch.parts_2 drop column pad;
alter table watch.parts attach partition watch.parts_2 for values in (2);
select crier.watch('watch.parts', 'p/{thread}');
select is(count(*)::integer, 16, 'partitions: four triggers at each of four levels')
from pg_trigger where tgrelid::regclass::text like 'watch.parts%' and tgname like 'crier%';
insert into watch.parts values (1, 1, 11), (1, 2, 12);
select is(pg_temp.heard(), array['{"topic":"p/11"}', '{"topic":"p/12"}'], 'partitions: through the parent');
insert into watch.parts_1 values (1, 1, 13);
select is(pg_temp.heard(), array['{"topic":"p/13"}'], 'partitions: through the middle');
insert into watch.parts_1_1 values (1, 1, 14);
select is(pg_temp.heard(), array['{"topic":"p/14"}'], 'partitions: straight into the leaf');
insert into watch.parts_2 (id, k, thread) values (1, 2, 15);
select is(pg_temp.heard(), array['{"topic":"p/15"}'], 'partitions: straight into a leaf with its columns in another order');
update watch.parts set k = 2 where thread = 11;
select is(pg_temp.heard(), array['{"topic":"p/11"}'], 'partitions: a row that moves to another');
update watch.parts set k = 1, thread = 16 where thread = 12;
select is(pg_temp.heard(), array['{"topic":"p/12"}', '{"topic":"p/16"}'], 'partitions: a row that moves to another, and to another topic');
delete from watch.parts where thread in (13, 15);
select is(pg_temp.heard(), array['{"topic":"p/13"}', '{"topic":"p/15"}'], 'partitions: delete through the parent');
truncate watch.parts;
select is(pg_temp.heard(), array['{"template":"p/{thread}"}'], 'partitions: truncate');

create table watch.parts_3 (id integer, k integer, thread integer);
alter table watch.parts attach partition watch.parts_3 for values in (3);
insert into watch.parts_3 values (1, 3, 17);
select is(pg_temp.heard(), '{}', 'a partition attached later is not covered at first');
select is(crier.refresh_watches(), 4, 'refresh_watches: covers it');
select is(crier.refresh_watches(), 0, 'refresh_watches: and then finds nothing to do');
insert into watch.parts_3 values (1, 3, 17);
select is(pg_temp.heard(), array['{"topic":"p/17"}'], 'a partition attached later: covered now');
alter table watch.parts detach partition watch.parts_3;
select is(crier.refresh_watches(), 4, 'refresh_watches: leaves a detached partition alone');
insert into watch.parts_3 values (1, 3, 18);
select is(pg_temp.heard(), '{}', 'a detached partition is no longer covered');

-- Inheritance.
create table watch.base (id integer, thread integer);
create table watch.child (more text) inherits (watch.base);
select crier.watch('watch.base', 'i/{thread}');
insert into watch.child values (1, 21, 'x');
select is(pg_temp.heard(), array['{"topic":"i/21"}'], 'inheritance: straight into a child');
update watch.base set thread = 22;
select is(pg_temp.heard(), array['{"topic":"i/21"}', '{"topic":"i/22"}'], 'inheritance: through the parent');

-- What would begin or end a comment.
create table watch."b*/c /*" (id integer);
select lives_ok(format($$ select crier.watch('watch."b*/c /*"', %L) $$, topic), 'watch: a table and a topic like comments: ' || topic)
from unnest(array['a*/{id}', '/api/*', '*/*', '/*/{id}']) as t(topic);
insert into watch."b*/c /*" values (1);
select is(pg_temp.heard(), array['{"topic":"*/*"}', '{"topic":"/*/1"}', '{"topic":"/api/*"}', '{"topic":"a*/1"}'], 'they are told of');
select is_empty($$ select * from crier.check() where declared like '%b*/c%' and not ok and detail not like 'no document %' $$, 'and in order');
select crier.unwatch(relation, topic) from crier.watches where relation = 'watch."b*/c /*"';

-- refresh_watches repairs what was dropped, and follows a column's type.
do $$ begin execute (select format('drop trigger %I on watch.base', tgname) from pg_trigger
    where tgrelid = 'watch.base'::regclass and tgname like '%insert'); end $$;
select is(crier.refresh_watches(), 1, 'refresh_watches: makes a dropped trigger again');
alter table watch.base alter column thread type text;
insert into watch.base (thread) values ('a"b');
select is(pg_temp.heard(), array['{"topic":"i/a%22b"}'], 'a number that has become text: is told as text at once');
alter table watch.base alter column thread type timestamptz using now();
select is(crier.refresh_watches(), 1, 'refresh_watches: makes the function again when a column''s type asks for pinned settings');
select crier.refresh_watches();
drop table watch.types cascade;
select is(crier.refresh_watches(), 0, 'refresh_watches: a table that is gone is no error');

-- unwatch.
create temporary table fn on commit drop as select 'watch_' || id as name from crier.watches where relation = 'watch.parts';
select ok(crier.unwatch('watch.parts', 'p/{thread}'), 'unwatch: true');
select is_empty($$ select from pg_trigger where tgrelid in ('watch.parts'::regclass, 'watch.parts_1'::regclass, 'watch.parts_1_1'::regclass) $$,
    'unwatch: the triggers are gone at every level');
select is_empty($$ select from pg_proc p join fn on p.proname = fn.name $$, 'unwatch: so is the function');
select ok(not crier.unwatch('watch.parts', 'p/{thread}'), 'unwatch: false when there is none');
select ok(not crier.unwatch('nowhere.at_all', 'p/{thread}'), 'unwatch: false when there is no such table');
select ok(not crier.unwatch('no name', 'p/{thread}'), 'unwatch: false when that is no name');
select ok(crier.unwatch('watch.types', '/all'), 'unwatch: works when the table is gone');
set local search_path = watch, public;
select ok(crier.unwatch('base', 'i/{thread}'), 'unwatch: a name is looked up in the caller''s search_path');
select lives_ok($$ select crier.watch('base', 'i/{id}') $$, 'watch: so it is when declared');

select * from finish();
rollback;
