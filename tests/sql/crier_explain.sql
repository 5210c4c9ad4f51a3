/* One test per cause that crier.explain must name, and that all is well where all is well. */
begin;
set local client_min_messages = 'warning';
select no_plan();

create schema ex;
create table ex.notes (id integer primary key, thread integer, body text);
insert into ex.notes values (1, 10, 'one');
create function ex.note(_id integer) returns json language sql stable security definer as $$ select to_json(n) from ex.notes n where n.id = _id $$;
create function ex.list(_limit integer default 10) returns json language sql stable as $$ select json_agg(n) from ex.notes n $$;
create function ex.topic(_id integer) returns text language sql stable as $$ select 'thread/' || _id $$;
select crier.live('/ex/notes/{id}', 'ex.note');
select crier.live('/ex/list', 'ex.list');
select crier.watch('ex.notes', '/ex/notes/{id}');
delete from crier.relays;
select crier.relay_report('00000000-0000-0000-0000-000000000001', '{"name":"host:8080","version":"0.1","listening":true}',
    format('[{"key":"/ex/notes/1","route":1,"topic":"/ex/notes/1","subscribers":2,"notified":%1$s,"read":%1$s}]', floor(extract(epoch from now()) * 1000))::json);

create function pg_temp.names(path text, wanted text, pattern text, what text) returns setof text language plpgsql as $$
declare
    found_ crier.finding;
begin
    select * into found_ from crier.explain(path) e where e.step = wanted and not e.ok and e.detail ~ pattern limit 1;
    return next ok(found_.step is not null and found_.hint <> '', 'explain names: ' || what);
    if found_.step is null or found_.hint = '' then
        return next diag((select string_agg(e::text, E'\n') from crier.explain(path) e));
    end if;
end $$;

-- All is well.
select results_eq($$ select step, ok from crier.explain('/ex/notes/1') $$,
    $$ values ('route', true), ('function', true), ('arguments', true), ('document', true), ('topic', true), ('watch', true),
              ('privilege', true), ('inline', true), ('relay', true), ('subscribers', true), ('notified', true), ('read', true) $$,
    'explain: every step in order');
select ok(detail ~ '^2 at relay host:8080', 'explain: how many subscribers, at which relay') from crier.explain('/ex/notes/1') where step = 'subscribers';
select ok(detail ~ '^\d{4}-.*relay host:8080', 'explain: the latest notification, and by which relay') from crier.explain('/ex/notes/1') where step = 'notified';
select ok(detail ~ '^\d{4}-.*relay host:8080', 'explain: the latest read, and by which relay') from crier.explain('/ex/notes/1') where step = 'read';
select is(detail, 'the key is /ex/notes/1', 'explain: the key') from crier.explain('/ex/notes/001') where step = 'arguments';
select is(count(*)::integer, 0, 'explain: another spelling, the same subscription') from crier.explain('/ex/notes/%31') where not ok;
select set_eq($$ select step from crier.explain('/ex/notes/{id}') $$, array['route', 'function', 'watch', 'privilege', 'inline', 'relay'],
    'explain: a template stands for its route, without trying');
select is((select detail from crier.explain('/ex/notes/7') where step = 'subscribers'), '0: no relay reports an open stream', 'explain: nobody has it open');

-- Which way it goes, and why.
create function ex.inline(_id integer) returns json language sql stable security definer set search_path = pg_catalog, pg_temp as $$ select to_json(n) from ex.notes n where n.id = _id $$;
create function pg_temp.way(path text) returns text language sql as $$ select detail from crier.explain(path) where step = 'inline' $$;
create function pg_temp.report(more text) returns void language sql as $$
    select crier.relay_report('00000000-0000-0000-0000-000000000001', '{"name":"host:8080","version":"0.1","listening":true}',
        json_build_array('{"key":"/ex/inline/1","topic":"/ex/inline/1","subscribers":1,"octets":10,"milliseconds":1,"arguments":{"id":"1"}}'::jsonb
            || jsonb_build_object('route', (select id from crier.routes where path = '/ex/inline/{id}')) || more::jsonb)) $$;
select is(pg_temp.way('/ex/notes/1'), 'by reference: the route is not declared inline', 'inline: not declared so');
select crier.live('/ex/inline/{id}', 'ex.inline', inline => true);
select crier.watch('ex.notes', '/ex/inline/{id}');
select is(pg_temp.way('/ex/inline/{id}'), 'inline while somebody reads it, if it is short and quick enough', 'inline: a template');
select is(pg_temp.way('/ex/inline/1'), 'by reference: no relay reports an open stream', 'inline: nobody reads it');
select pg_temp.report('{}');
select is(pg_temp.way('/ex/inline/1'), 'inline, from writers in READ COMMITTED, up to 8 documents of a transaction', 'inline: it goes inline');
select is((select count(*)::integer from crier.inlined where key = '/ex/inline/1'), 1, 'inline: the gate agrees');
create function pg_temp.shut(more text, reason text) returns setof text language plpgsql as $$
begin
    perform pg_temp.report(more);
    return next is(pg_temp.way('/ex/inline/1') like 'by reference: ' || reason, true, 'inline: ' || reason);
    return next is((select count(*)::integer from crier.inlined where key = '/ex/inline/1'), 0, 'inline: the gate agrees');
end $$;
select pg_temp.shut(v.more, v.reason)
from (values ('{"octets":8000}', 'it has 8000 octets%'), ('{"milliseconds":100}', 'its function took 100 ms%'), ('{"octets":null}', 'it was not read yet'),
    ('{"error":"500 no"}', 'its latest read failed'), ('{"arguments":null}', 'its relay does not offer it%'), ('{"topic":null}', 'it has no topic%')) as v(more, reason);
select pg_temp.report('{}');
set local lc_monetary = 'C.UTF-8'; set local lc_time = 'POSIX';
select is(pg_temp.way('/ex/inline/1') like 'by reference: this session and the relay%', true, 'inline: other settings than the relay''s');
reset lc_monetary; reset lc_time;
update crier.relays set seen = seen - interval '61 seconds';
select is(pg_temp.way('/ex/inline/1'), 'by reference: its relay is silent', 'inline: the relay is silent');
select pg_temp.report('{}');
create or replace function ex.inline(_id integer) returns json language sql volatile security definer set search_path = pg_catalog, pg_temp as $$ select to_json(n) from ex.notes n where n.id = _id $$;
select pg_temp.names('/ex/inline/1', 'inline', '^by reference: ex.inline.integer. is VOLATILE', 'a function that became VOLATILE');
select is((select b.document from crier.routes r, crier.build_inline('{"id":"1"}', r.id) b where r.path = '/ex/inline/{id}'), null, 'inline: the builder agrees');
select is((select count(*)::integer from crier.check() where declared = '/ex/inline/{id}' and step = 'inline' and not ok), 1, 'check: tells it, too');
alter function ex.inline stable security invoker;
select pg_temp.names('/ex/inline/1', 'inline', '^by reference: ex.inline.integer. is not SECURITY DEFINER', 'a function that is not SECURITY DEFINER any more');
alter function ex.inline security definer;
delete from crier.secret;
select pg_temp.names('/ex/inline/1', 'inline', '^by reference: there is no secret', 'no secret');
select crier.secret_make();
select is(pg_temp.way('/ex/inline/1') like 'inline, %', true, 'inline: all is well again');

select results_eq($$ select step, ok from crier.explain('/ex/list') where step in ('arguments', 'document') $$,
    $$ values ('arguments', true), ('document', true) $$, 'explain: a path without parameters is tried');
select is(crier.templates_meet(v.one, v.other), v.meet, format('topics: %s and %s %s', v.one, v.other, case when v.meet then 'meet' else 'do not meet' end))
from (values ('/a/1', '/a/{id}', true), ('/a/{id}', '/a/{x}', true), ('/a/{id}/b', '/a/1/{x}', true), ('a/1', 'a/{id}', true), ('/a/', '/a/{id}', true),
    ('/a', '/a/{id}', false), ('/a/1/2', '/a/{id}', false), ('/b/1', '/a/{id}', false), ('a/1', '/a/{id}', false), ('/a/1', 'a/{id}', false),
    ('/a/1', '/a/2', false), ('/{x}/1', '{x}/1', false)) as v(one, other, meet);

-- Routes.
select pg_temp.names('/nowhere', 'route', 'no route', 'no such route');
select pg_temp.names('/ex/notes/', 'route', 'no route', 'an empty segment fits no parameter');
select pg_temp.names('/ex/notes/1/2', 'route', 'no route', 'one segment too many');
select pg_temp.names('', 'route', 'no route', 'an empty path');
select pg_temp.names('/ex/notes/%zz', 'route', 'hexadecimal', 'a wrong escape');
select pg_temp.names('/ex/notes/%ff', 'route', 'invalid byte', 'wrong UTF-8');
create function ex.special() returns json language sql stable as $$ select '1'::json $$;
select crier.live('/ex/notes/special', 'ex.special');
select is(detail, 'GET /ex/notes/special', 'explain: a literal before a parameter') from crier.explain('/ex/notes/special') where step = 'route';

-- Arguments.
select pg_temp.names('/ex/notes/x', 'arguments', '"id": invalid input syntax for type integer', 'an argument of the wrong type');
select pg_temp.names('/ex/notes/1?more=1', 'arguments', 'unknown parameter more', 'an unknown argument');
select pg_temp.names('/ex/list?limit=1&limit=2', 'arguments', 'must be one value', 'a repeated argument');

-- The document.
select pg_temp.names('/ex/notes/2', 'document', 'returns NULL', 'NULL for these arguments');
create function ex.odd(_what text) returns crier.json_text language plpgsql as $$
begin
    if _what = 'raise' then raise division_by_zero; end if;
    if _what = 'write' then insert into ex.notes values (99, 1, 'x'); end if;
    return case _what when 'bad' then '{' when 'deep' then repeat('[', 20000) || repeat(']', 20000) when 'long' then '"' || repeat('x', 1000) || '"' else '1' end;
end $$;
select crier.live('/ex/odd/{what}', 'ex.odd', max_bytes => 100000);
select pg_temp.names('/ex/odd/raise', 'document', 'SQLSTATE 22012', 'a function that raises');
select pg_temp.names('/ex/odd/write', 'document', 'SQLSTATE 25006', 'a function that writes');
select is_empty('select from ex.notes where id = 99', 'explain: what the function wrote is undone');
select pg_temp.names('/ex/odd/bad', 'document', 'no JSON', 'text that is no JSON');
select ok(ok, 'explain: deeply nested text is JSON') from crier.explain('/ex/odd/deep') where step = 'document';
select crier.live('/ex/odd/{what}', 'ex.odd', max_bytes => 1000);
select pg_temp.names('/ex/odd/long', 'document', '1002 octets', 'a document over max_bytes');
select is(current_setting('transaction_read_only'), 'off', 'explain: the transaction can write as before');

-- Topics and watches.
select pg_temp.names('/ex/list', 'watch', 'no watch names the topic /ex/list', 'no watch for its topic');
select crier.live('/ex/by/{id}', 'ex.note', topic => 'ex.topic');
select pg_temp.names('/ex/by/1', 'watch', 'no watch names the topic thread/1', 'no watch for what the topic function says');
select crier.watch('ex.notes', 'thread/{thread}');
select ok(bool_and(ok), 'explain: a watch for what the topic function says') from crier.explain('/ex/by/1') where step = 'watch';
create or replace function ex.topic(_id integer) returns text language sql stable as $$ select null::text $$;
select pg_temp.names('/ex/by/1', 'topic', 'returns NULL', 'a topic function that returns NULL');
create or replace function ex.topic(_id integer) returns text language sql stable as $$ select 'thread/' || _id $$;

create function pg_temp.trigger_(event text) returns text language sql as $$
    select format('crier_watch_%s_%s', id, event) from crier.watches where topic = '/ex/notes/{id}' $$;
do $$ begin execute format('alter table ex.notes disable trigger %I', pg_temp.trigger_('delete')); end $$;
select pg_temp.names('/ex/notes/1', 'triggers', 'DELETE .*disabled on ex.notes', 'a disabled trigger');
select lives_ok((select hint from crier.explain('/ex/notes/1') where step = 'triggers'), 'explain: its hint enables it');
select is_empty($$ select from crier.explain('/ex/notes/1') where step = 'triggers' $$, 'explain: and then there is nothing to say');
do $$ begin execute format('alter table ex.notes enable replica trigger %I', pg_temp.trigger_('insert')); end $$;
select pg_temp.names('/ex/notes/1', 'triggers', 'INSERT .*disabled', 'a trigger for replicas only');
do $$ begin execute format('alter table ex.notes enable trigger %I', pg_temp.trigger_('insert')); end $$;
do $$ begin execute format('drop trigger %I on ex.notes', pg_temp.trigger_('update')); end $$;
select pg_temp.names('/ex/notes/1', 'triggers', 'no trigger for UPDATE *on ex.notes', 'a missing trigger');
select crier.refresh_watches();
select is_empty($$ select from crier.explain('/ex/notes/1') where not ok $$, 'explain: refresh_watches repairs it');
do $$ begin execute format('drop function crier.%I() cascade', (select 'watch_' || id from crier.watches where topic = '/ex/notes/{id}')); end $$;
select pg_temp.names('/ex/notes/1', 'triggers', 'function crier.watch_\d+ is missing', 'a missing trigger function');
select crier.refresh_watches();

create table ex.parts (id integer, k integer) partition by list (k);
create table ex.parts_1 partition of ex.parts for values in (1);
create function ex.part(_id integer) returns json language sql stable as $$ select '1'::json $$;
select crier.live('/ex/parts/{id}', 'ex.part');
select crier.watch('ex.parts', '/ex/parts/{id}');
create table ex.parts_2 partition of ex.parts for values in (2);
select pg_temp.names('/ex/parts/1', 'triggers', 'no trigger for .*on ex.parts_2', 'a partition without triggers');
select pg_temp.names('/ex/parts/{id}', 'triggers', 'no trigger for .*on ex.parts_2', 'the same for the template');

alter table ex.notes rename column thread to root;
select pg_temp.names('/ex/by/1', 'watch', 'no column thread', 'a column that is gone');
alter table ex.notes rename column root to thread;
alter table ex.notes alter column thread type timestamptz using now();
select pg_temp.names('/ex/by/1', 'triggers', 'out of date', 'a column of another type, before refresh_watches');
alter table ex.parts rename to pieces;
select pg_temp.names('/ex/parts/1', 'watch', 'the table ex.parts is gone', 'a table that is gone');

-- Functions.
create function ex.other(_id integer) returns json language sql stable as $$ select '1'::json $$;
select crier.live('/ex/other/{id}', 'ex.other', topic => 'ex.topic');
drop function ex.topic(integer);
select pg_temp.names('/ex/other/1', 'function', 'ex.topic\(integer\) is gone', 'a topic function that is gone');
create function ex.topic(_id bigint) returns text language sql stable as $$ select 'thread/' || _id $$;
select pg_temp.names('/ex/other/1', 'function', 'ex.topic\(integer\) is gone; there is ex.topic\(bigint\)', 'and what there is of its name');
select ok(hint ~ '^Give the path alone', 'explain: a URL is not a path') from crier.explain('http://localhost:8080/ex/notes/1');
drop function ex.other(integer);
select pg_temp.names('/ex/other/1', 'function', 'ex.other\(integer\) is gone', 'a function that is gone');
create function ex.other(_ident integer) returns json language sql stable as $$ select '1'::json $$;
select crier.live('/ex/other/{ident}/x', 'ex.other');
drop function ex.other(integer);
create function ex.other(_ident integer default 1) returns json language sql stable as $$ select '1'::json $$;
select pg_temp.names('/ex/other/1/x', 'function', 'other arguments', 'a function that was made again with other arguments');
drop function ex.other(integer);
create function ex.other(_ident integer) returns text language sql stable as $$ select '1'::text $$;
select pg_temp.names('/ex/other/1/x', 'function', 'does not return JSON', 'a function that was made again with another result');
drop function ex.part(integer);
create domain ex.d as integer;
create function ex.part(_id ex.d) returns json language sql stable as $$ select '1'::json $$;
select crier.live('/ex/parts/{id}', 'ex.part');
drop function ex.part(ex.d);
drop domain ex.d;
select pg_temp.names('/ex/parts/1', 'function', 'ex.part\(ex.d\) is gone', 'a function that is gone with its argument''s type');

-- Privileges.
create role crier_test_relay login;
update crier.relays set role = 'crier_test_relay';
select pg_temp.names('/ex/notes/1', 'privilege', 'crier_test_relay may not', 'a relay without privileges');
select is((select hint from crier.explain('/ex/notes/1') where step = 'privilege'),
    'grant usage on schema ex to crier_test_relay; select crier.grant_relay(''crier_test_relay'');', 'explain: what it lacks');
select crier.grant_relay('crier_test_relay');
grant usage on schema ex to crier_test_relay;
select ok(ok, 'explain: privileges that suffice') from crier.explain('/ex/notes/1') where step = 'privilege';
create function pg_temp.without(function regprocedure) returns text language plpgsql as $$
declare hint_ text;
begin
    execute format('revoke execute on function %s from crier_test_relay', function);
    select hint into hint_ from crier.explain('/ex/notes/1') where step = 'privilege';
    execute format('grant execute on function %s to crier_test_relay', function);
    return hint_;
end $$;
select is(pg_temp.without(p.oid), 'select crier.grant_relay(''crier_test_relay'');', 'explain: a relay that may not call ' || p.proname)
from pg_proc p cross join lateral aclexplode(p.proacl) a
where p.pronamespace = 'crier'::regnamespace and a.grantee = 'crier_test_relay'::regrole and not has_function_privilege('public', p.oid, 'execute');
revoke execute on function ex.note(integer) from public;
select pg_temp.names('/ex/notes/1', 'privilege', 'crier_test_relay may not', 'no privilege for the function');
select is((select hint from crier.explain('/ex/notes/1') where step = 'privilege'), 'grant execute on function ex.note(integer) to crier_test_relay;',
    'explain: which privilege');
grant execute on function ex.note(integer) to crier_test_relay;
alter function ex.note(integer) security invoker;
select pg_temp.names('/ex/notes/1', 'privilege', 'permission denied for table notes', 'no privilege for what the function reads');
grant select on ex.notes to crier_test_relay;
select ok(ok, 'explain: privileges on what the function reads') from crier.explain('/ex/notes/1') where step = 'privilege';
alter table ex.notes enable row level security;
select pg_temp.names('/ex/notes/1', 'privilege', 'another document than .*row-level security policy for table "notes"', 'row security that hides rows from the relay');
select is(current_setting('row_security'), 'on', 'explain: row security is the caller''s again');
create policy ex_all on ex.notes to crier_test_relay using (true);
select ok(ok, 'explain: row security that hides nothing') from crier.explain('/ex/notes/1') where step = 'privilege';
alter table ex.notes disable row level security;
revoke select on ex.notes from crier_test_relay;
select is(current_user::text, session_user::text, 'explain: the role is the caller''s again');
update crier.relays set role = 'nobody at all';
select pg_temp.names('/ex/notes/1', 'privilege', 'permission denied', 'a role that was granted, before any relay reports');

-- Relays.
update crier.relays set role = current_user, listening = false;
select pg_temp.names('/ex/notes/1', 'relay', 'no LISTEN connection', 'a relay that does not listen');
update crier.relays set listening = true, seen = now() - interval '61 seconds';
select pg_temp.names('/ex/notes/1', 'relay', 'no relay has been seen for 60 s; the last was host:8080', 'a relay that fell silent');
delete from crier.relays;
select pg_temp.names('/ex/notes/1', 'relay', '^no relay has been seen$', 'no relay at all');
select crier.relay_report('00000000-0000-0000-0000-000000000001', '{"name":"host:8080","listening":true}',
    format('[{"key":"/ex/notes/1","subscribers":1,"notified":%s,"read":1000,"error":"canceled"}]', floor(extract(epoch from now() - interval '1 minute') * 1000))::json);
select pg_temp.names('/ex/notes/1', 'read', '1970-01-01 00:00:01.000 .*host:8080', 'no read since the latest notification');
select pg_temp.names('/ex/notes/1', 'error', 'canceled, relay host:8080', 'the latest error');

select * from finish();
rollback;
