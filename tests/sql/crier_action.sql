/* Writes: what crier.action refuses and stores, how crier.act calls, and what explain says. What a client sees is tested over HTTP. */
begin;
set local client_min_messages = 'warning';
select no_plan();

\ir lib/refused.sql

create schema act;
create domain act.short as text check (length(value) < 4);
create domain act.count as integer not null;
create type act.mood as enum ('good', 'bad');
create function act.add(_title text, p_n integer default 5) returns void language sql as $$ select $$;
create function act.doc(_id integer, body jsonb) returns jsonb language sql as $$ select body $$;
create function act.raw(_title text, _bytes bytea, meta jsonb default null) returns json language sql as $$ select json_build_array(_title, _bytes, meta) $$;
create function act.two(a bytea, b bytea) returns void language sql as $$ select $$;
create function act.two_json(a json, b jsonb default null) returns void language sql as $$ select $$;
create function act.path_bytes(_b bytea) returns json language sql as $$ select to_json(_b) $$;
create function act.answer() returns crier.response language sql as $$ select crier.respond(204) $$;
create function act.text_out() returns text language sql as $$ select '' $$;
create function act.number_out() returns integer language sql as $$ select 1 $$;
create function act.rows_out() returns setof json language sql as $$ select '1'::json $$;
create function act.outs(out a json) language sql as $$ select '1'::json $$;
create function act.bytes_out() returns bytea language sql as $$ select ''::bytea $$;
create procedure act.proc() language sql as $$ select 1 $$;
create function act.domains(short act.short default 'abc', count act.count default 1, mood act.mood default 'good', shorts act.short[] default null, moods act.mood[] default null)
    returns json language sql as $$ select json_build_array(short, count, mood, shorts, moods) $$;

-- Declaring.
select pg_temp.refused(format('select crier.action(%L, %L, %L)', v.method, v.path, v.function), v.state, v.what)
from (values
    ('GET', '/x', 'act.add', 'CR003', 'GET'), ('HEAD', '/x', 'act.add', 'CR003', 'HEAD'), ('POST ', '/x', 'act.add', 'CR003', 'a space'), (null, '/x', 'act.add', 'CR003', 'no method'),
    ('POST', 'x', 'act.add', 'CR001', 'a path without slash'), ('POST', '/x/{}', 'act.add', 'CR001', 'a malformed path'), ('POST', '/{n}/{n}', 'act.add', 'CR001', 'a parameter twice'),
    ('POST', '/x', 'act.none', 'CR011', 'a function that is not there'), ('POST', '/x', 'act.proc', 'CR013', 'a procedure'), ('POST', '/x', 'act.rows_out', 'CR015', 'a set'),
    ('POST', '/x', 'act.outs', 'CR016', 'OUT arguments'), ('POST', '/x/{other}', 'act.add', 'CR022', 'a parameter without argument'),
    ('POST', '/x', 'act.text_out', 'CR025', 'text'), ('POST', '/x', 'act.number_out', 'CR025', 'a number'), ('POST', '/x', 'act.bytes_out', 'CR025', 'bytea')) as v(method, path, function, state, what);
select pg_temp.refused(format('select crier.action(%L, %L, %L, body => %L)', 'POST', v.path, v.function, v.body), 'CR026', v.what)
from (values ('/x', 'act.add', 'title', 'a body that is text'), ('/x', 'act.doc', 'nothing', 'a body that is no argument'), ('/x/{b}', 'act.path_bytes', '_b', 'a body that is in the path')) as v(path, function, body, what);

select lives_ok($$ select crier.action('post', '/act', 'act.add') $$, 'the method in any case');
select is((select crier.action('POST', '/act', 'act.add(text, integer)')), (select id from crier.routes where path = '/act'), 'again changes it in place');
select lives_ok($$ select crier.action('PUT', '/act', 'act.add'), crier.action('PATCH', '/act', 'act.add'), crier.action('DELETE', '/act', 'act.add') $$, 'several methods on a path');
create function act.get() returns json language sql stable as $$ select '1'::json $$;
select lives_ok($$ select crier.live('/act', 'act.get') $$, 'beside a document');
select pg_temp.refused($$ select crier.action('POST', '/act/{b}', 'act.path_bytes'), crier.action('POST', '/act/{n}', 'act.add') $$, 'CR002', 'a path of the same shape');
select is((select count(*)::integer from crier.routes where path = '/act'), 5, 'five routes');
select ok(crier.unroute('/act', 'put'), 'unroute: one method');
select ok(not crier.unroute('/act', 'PUT'), 'unroute: it was there only once');
select is((select count(*)::integer from crier.routes where path = '/act'), 4, 'unroute: the others stay');
select ok(crier.unroute('/act'), 'unroute: all');
select is((select count(*)::integer from crier.routes where path = '/act'), 0, 'unroute: none is left');

-- Where arguments come from.
create function pg_temp.sources(path text, function text, body text default null) returns text language plpgsql as $$
declare
    route constant integer := crier.action('POST', path, function, body);
begin
    return (select string_agg(format('%s:%s', a->>'name', a->>'in'), ' ' order by n)
            from crier.routes r, jsonb_array_elements(r.parameters) with ordinality as o(a, n) where r.id = route);
end
$$;
select is(pg_temp.sources('/s1', 'act.add'), 'title:any n:any', 'by name, without _ and p_');
select is(pg_temp.sources('/s2/{id}', 'act.doc'), 'id:path body:body', 'the only jsonb gets the whole body');
select is(pg_temp.sources('/s2b/{id}', 'act.doc', ''), 'id:path body:any', 'unless none is to get it');
select is(pg_temp.sources('/s3', 'act.raw'), 'title:query bytes:body meta:query', 'a bytea goes before jsonb');
select is(pg_temp.sources('/s3b', 'act.raw', 'meta'), 'title:query bytes:query meta:body', 'unless told otherwise');
select is(pg_temp.sources('/s4', 'act.two'), 'a:any b:any', 'two bytea: none gets the whole');
select is(pg_temp.sources('/s4b', 'act.two', 'b'), 'a:query b:body', 'unless told which');
select is(pg_temp.sources('/s5', 'act.two_json'), 'a:any b:any', 'two json: none gets the whole');
select is(pg_temp.sources('/s6/{b}', 'act.path_bytes'), 'b:path', 'what is in the path is not in the body');

-- Calling.
create function pg_temp.act(path text, arguments json default '{}', body text default '', form json default null, headers json default '{}')
    returns table (status integer, head text, body text) language sql volatile as $$
    select a.status, a.head, convert_from(a.bytes, 'UTF8')
    from crier.act((select id from crier.routes r where r.path = act.path), arguments, form, convert_to(body, 'UTF8'), headers) a
$$;
select crier.action('POST', '/domains', 'act.domains');
select is(status, 204, 'void is 204') from pg_temp.act('/s1', '{"title":"x"}');
select results_eq($$ select body from pg_temp.act('/domains', body => '{"short":"ab","count":2,"mood":"bad","shorts":["a",null],"moods":["good"]}') $$,
    array['["ab", 2, "bad", ["a",null], ["good"]]'], 'domains and enums');
select throws_ok(format('select * from pg_temp.act(%L, body => %L)', '/domains', v.body), 'PT400', null, 'PT400: ' || v.what)
from (values ('{"short":"abcd"}', 'a domain''s check'), ('{"mood":"ugly"}', 'no such label'),
    ('{"short":1}', 'a number for a domain over text'), ('{"shorts":["abcd"]}', 'a domain''s check in an array'), ('{"shorts":[1]}', 'a number in an array of a domain over text'),
    ('{"mood":{}}', 'an object'), ('{"count":"1","count":"x"}', 'the last of equal keys counts'), ('{', 'no JSON'), ('[]', 'no object')) as v(body, what);
select throws_ok($$ select * from pg_temp.act('/domains', body => '{"count":null}') $$, '23502', null, 'a domain that is not null');
create function pg_temp.detail(statement text) returns text language plpgsql as $$
declare
    detail text;
begin
    execute statement;
exception when others then
    get stacked diagnostics detail = pg_exception_detail;
    return detail;
end
$$;
select is(pg_temp.detail(format('select * from pg_temp.act(%L, body => %L)', '/domains', v.body)), v.detail, 'S14: names of types and constraints stay here: ' || v.body)
from (values ('{"short":"abcd"}', '"short": that is no value of its type'), ('{"mood":"ugly"}', '"mood": that is no value of its type'),
    ('{"mood":{}}', '"mood": an object cannot be of its type'), ('{"count":"x"}', '"count": invalid input syntax for type integer: "x"')) as v(body, detail);
select throws_ok($$ select * from pg_temp.act('/s1') $$, 'PT400', 'Missing parameter', 'PT400: missing');
select throws_ok($$ select * from pg_temp.act('/s1', '{"title":"x","other":"y"}') $$, 'PT400', 'Unknown query parameter', 'PT400: unknown');
select throws_ok($$ select * from pg_temp.act('/s3', '{"title":"x","bytes":"y"}') $$, 'PT400', 'Unknown query parameter', 'PT400: the body''s argument in the query');
select throws_ok($$ select * from crier.act(-1, '{}', null, '', '{}') $$, 'PT404', null, 'PT404: no such route');
select is(body, '["t", "\\x7879", null]', 'raw octets') from pg_temp.act('/s3', '{"title":"t"}', 'xy');
select is(body, '{"a": 1}', 'a document') from pg_temp.act('/s2/{id}', '{"id":"1"}', '{"a":0,"a":1}');
select is(crier.header('x'), 'y', 'header: its transaction has it, deferred triggers too') from (select * from pg_temp.act('/s1', '{"title":"x"}', headers => '{"x":"y"}') offset 0) a;
select is(crier.header('X'), 'y', 'header: in any case');
select is(crier.header('nothing'), null, 'header: NULL without it');
select is(crier.header(null), null, 'header: NULL for NULL');

-- Answers.
select is(crier.respond(), row(200, '{}', null, null)::crier.response, 'respond: nothing');
select is(crier.respond(201, '[1]', '/x', '{"a":"b"}'), row(201, '{"a":"b","location":"/x"}', '[1]', null)::crier.response, 'respond: all');
select is(crier.respond_bytes('x', 'a/b'), row(200, '{"content-type":"a/b"}', null, 'x')::crier.response, 'respond_bytes');
select is(crier.response_head(row(200, '{"A":"b","c":["d"," e "],"f":null,"g":1,"h":true}', null, null)::crier.response), E'a:b\nc:d\nc:e\ng:1\nh:true', 'headers are lines');
select throws_ok(format('select crier.response_head(row(200, %L, null, null)::crier.response)', v.headers), 'CR081', null, 'CR081: ' || v.headers)
from (values ('{"a":"b\r\nc: d"}'), ('{"a":"\u0085"}'), ('{"a b":"c"}'), ('{"":"c"}'), ('{"a\nb":"c"}'), ('{"a":{"b":1}}'), ('{"a":["b","c\nd"]}'), ('{"Content-Length":1}'),
    ('{"Connection":"close"}'), ('{"żółw":"1"}'), ('[]'), ('"x"')) as v(headers);
select throws_ok($$ select crier.response_head(row(200, jsonb_build_object('a', repeat('x', 16384)), null, null)::crier.response) $$, 'CR082', null, 'CR082: headers too long');
select throws_ok(format('select crier.response_of(row(%s, null, null, null)::crier.response, 10)', v.status), 'CR080', null, format('CR080: %s', v.status)) from (values (199), (600), (0), (-1)) as v(status);
select throws_ok($$ select crier.response_of(row(200, null, repeat('x', 11), null)::crier.response, 10) $$, 'CR083', null, 'CR083: a body too long');
select throws_ok($$ select crier.response_of(null, 10) $$, 'PT404', null, 'NULL is PT404');
select throws_ok($$ select crier.response_of(row(null, null, null, null)::crier.response, 10) $$, 'PT404', null, 'so is a row of nothing');

-- Explaining.
create function pg_temp.explained(path text) returns text language sql as $$
    select string_agg(format('%s:%s', step, case when ok then 'ok' else 'not' end), ' ') from crier.explain(path) where step not in ('relay', 'privilege')
$$;
select is(pg_temp.explained('POST /s1'), 'route:ok function:ok arguments:ok', 'explain: a write');
select is(detail, 'title text from query or body; n integer from query or body, optional', 'explain: where its arguments come from') from crier.explain('POST /s1') where step = 'arguments';
select is(detail, 'id integer from the path; body jsonb is the whole body', 'explain: the whole body') from crier.explain('/s2/7') where step = 'arguments';
select is(pg_temp.explained('PUT /s1'), 'route:not', 'explain: no such method');
select crier.live('/s1', 'act.get');
select is(detail, 'GET /s1', 'explain: GET unless told otherwise') from crier.explain('/s1') where step = 'route';
drop function act.add(text, integer);
select is(pg_temp.explained('POST /s1'), 'route:ok function:not arguments:ok', 'explain: its function is gone');
select ok(exists (select from crier.check() where declared = 'POST /s1' and step = 'function' and not ok), 'check: names the method');
create function act.add(_title text, p_n integer) returns void language sql as $$ select $$;
select is(pg_temp.explained('POST /s1'), 'route:ok function:not arguments:ok', 'explain: its default is gone');

select * from finish();
rollback;
