/* Every error of crier.live: its SQLSTATE, and that it says what is wrong and what to do. */
begin;
select no_plan();

\ir lib/refused.sql

create schema live;
create type live.pair as (a integer, b integer);
create function live.ok(_id integer) returns json language sql as $$ select '1'::json $$;
create function live.two(_id integer) returns json language sql as $$ select '1'::json $$;
create function live.two(_id text) returns json language sql as $$ select '1'::json $$;
create procedure live.proc(_id integer) language sql as $$ select 1 $$;
create aggregate live.agg(integer) (sfunc = int4pl, stype = integer);
create function live.many(variadic ids integer[]) returns json language sql as $$ select '1'::json $$;
create function live.rows(_id integer) returns setof json language sql as $$ select '1'::json $$;
create function live.tab(_id integer) returns table (a integer) language sql as $$ select 1 $$;
create function live.outs(_id integer, out doc json) language sql as $$ select '1'::json $$;
create function live.inout(inout doc json) language sql as $$ select '1'::json $$;
create function live.unnamed(integer) returns json language sql as $$ select '1'::json $$;
create function live.half(_id integer, integer) returns json language sql as $$ select '1'::json $$;
create function live.empty(_ integer) returns json language sql as $$ select '1'::json $$;
create function live.same(_id integer, p_id integer) returns json language sql as $$ select '1'::json $$;
create function live.same2(id integer, _id integer) returns json language sql as $$ select '1'::json $$;
create function live.reserved(__id integer) returns json language sql as $$ select '1'::json $$;
create function live.any_(_id anyelement) returns json language sql as $$ select '1'::json $$;
create function live.textual(_id integer) returns text language sql as $$ select '1' $$;
create function live.nothing(_id integer) returns void language sql as $$ select $$;
create function live.composite(_id integer) returns live.pair language sql as $$ select 1, 2 $$;
create function live.clash(_id integer) returns json language sql as $$ select '1'::json $$;
create function live.clash(_id integer, _limit integer default 1) returns json language sql as $$ select '1'::json $$;
create function live.none() returns json language sql as $$ select '1'::json $$;
create function live.none(_limit integer default 1) returns json language sql as $$ select '1'::json $$;
create function pg_temp.temporary(_id integer) returns json language sql as $$ select '1'::json $$;
create function live.opt(_id integer default 1) returns json language sql as $$ select '1'::json $$;
create function live.topic(_id integer) returns text language sql as $$ select '1' $$;
create function live.topic_name(_ident integer) returns text language sql as $$ select '1' $$;
create function live.topic_type(_id bigint) returns text language sql as $$ select '1' $$;
create function live.topic_more(_id integer, _x integer) returns text language sql as $$ select '1' $$;
create function live.topic_json(_id integer) returns json language sql as $$ select '1'::json $$;

select pg_temp.refused(format('select crier.live(%L, %L)', '/x/{id}', v.function), v.state, v.what)
from (values
    ('live.ok(', 'CR010', 'a function that cannot be read'),
    ('live.ok(nosuch)', 'CR010', 'a type that is not there'),
    ('', 'CR010', 'an empty function'),
    ('live.missing(integer)', 'CR011', 'a function that is not there'),
    ('live.ok(text)', 'CR011', 'a function with other types'),
    ('nowhere.f(integer)', 'CR011', 'a schema that is not there'),
    ('live.missing', 'CR011', 'a name that is not there'),
    ('live.two', 'CR012', 'an ambiguous name'),
    ('live.proc(integer)', 'CR013', 'a procedure'),
    ('live.agg(integer)', 'CR013', 'an aggregate'),
    ('pg_catalog.row_number()', 'CR013', 'a window function'),
    ('live.many(integer[])', 'CR014', 'a VARIADIC function'),
    ('live.rows(integer)', 'CR015', 'a function that returns a set'),
    ('live.tab(integer)', 'CR015', 'a function that returns a table'),
    ('live.outs(integer)', 'CR016', 'an OUT argument'),
    ('live.inout(json)', 'CR016', 'an INOUT argument'),
    ('live.unnamed(integer)', 'CR017', 'an argument without a name'),
    ('live.half(integer,integer)', 'CR017', 'one argument without a name'),
    ('live.empty(integer)', 'CR017', 'an argument whose name is only _'),
    ('live.same(integer,integer)', 'CR018', 'two names that are one without _ and p_'),
    ('live.same2(integer,integer)', 'CR018', 'two names that are one without _'),
    ('live.reserved(integer)', 'CR019', 'a name that begins with _ when one has been dropped'),
    ('live.any_(anyelement)', 'CR020', 'a pseudo-type'),
    ('live.clash(integer)', 'CR021', 'an overload that a call cannot tell from this'),
    ('live.clash(integer,integer)', 'CR021', 'an overload that a call cannot tell from this one either'),
    ('pg_temp.temporary(integer)', 'CR024', 'a temporary function'),
    ('live.none()', 'CR022', 'a path with a parameter, a function without'),
    ('live.textual(integer)', 'CR023', 'a result of plain text'),
    ('live.nothing(integer)', 'CR023', 'no result'),
    ('live.composite(integer)', 'CR023', 'a composite result')
) as v(function, state, what)
where v.function <> 'live.none()';

select pg_temp.refused($$ select crier.live('/x', 'live.none()') $$, 'CR021', 'overloads that both take no argument');
select pg_temp.refused($$ select crier.live('/x/{other}', 'live.ok(integer)') $$, 'CR022', 'a parameter without an argument');
select pg_temp.refused($$ select crier.live('/x/{_id}', 'live.ok(integer)') $$, 'CR022', 'a parameter spelled with the argument''s _');
select pg_temp.refused($$ select crier.live('/x/:id', 'live.ok(integer)') $$, 'CR001', 'a parameter as other routers write it');
select lives_ok($$ select crier.live('/a:b/{id}', 'live.ok(integer)') $$, 'a colon elsewhere');
select pg_temp.refused($$ select crier.live('/x/{id}', null) $$, 'CR011', 'no function');

select pg_temp.refused(format('select crier.live(%L, %L)', v.path, 'live.ok(integer)'), 'CR001', 'the path ' || coalesce(quote_literal(replace(left(v.path, 40), E'\n', ' ')), 'NULL'))
from (values (null), (''), ('/'), ('x/{id}'), ('/x//{id}'), ('/x/{id}/'), ('/x/{id'), ('/x/id}'), ('/x/{}'), ('/x/a{id}'), ('/x/{id}b'),
    ('/x/{a}{id}'), ('/x y/{id}'), ('/x%20/{id}'), ('/x?a={id}'), ('/ü/{id}'), ('/x/{id}/{id}'), ('/x/../{id}'), ('/./{id}'), ('/x/{i"d}'),
    ('/x#/{id}'), (E'/x\n/{id}'), ('/' || repeat('x', 1001)), (repeat('/x', 32) || '/{id}')) as v(path);

select crier.live('/taken/{id}', 'live.ok(integer)');
create function live.ok2(_x integer) returns json language sql as $$ select '1'::json $$;
select pg_temp.refused($$ select crier.live('/taken/{x}', 'live.ok2(integer)') $$, 'CR002', 'a path of the same shape');

select pg_temp.refused(format('select crier.live(%L, %L, %s)', '/x/{id}', 'live.ok(integer)', v.option), 'CR040', v.option)
from (values ($$event => ''$$), ($$event => null$$), ($$event => E'a\nb'$$), ($$event => 'gone'$$), ($$event => repeat('x', 101)$$),
    ('inline => null'), ('min_interval => null'), ($$min_interval => '-1 ms'$$), ($$min_interval => '61 minutes'$$),
    ('reread => null'), ($$reread => '0'$$), ($$reread => '999 ms'$$), ($$reread => '25 hours'$$),
    ('max_bytes => null'), ('max_bytes => 0'), ('max_bytes => 1073741824')) as v(option);
select lives_ok(format('select crier.live(%L, %L, %s)', '/x/{id}', 'live.ok(integer)', v.option), v.option || ': is accepted')
from (values ($$event => 'ünï çode'$$), ($$event => repeat('x', 100)$$), ($$min_interval => '0'$$), ($$min_interval => '1 hour'$$),
    ($$reread => '1 second'$$), ($$reread => '1 day'$$), ('max_bytes => 1'), ('max_bytes => 1073741823')) as v(option);

select pg_temp.refused(format('select crier.live(%L, %L, topic => %L)', '/x/{id}', v.function, v.topic), v.state, v.what)
from (values
    ('live.ok(integer)', 'live.missing(integer)', 'CR011', 'a topic function that is not there'),
    ('live.ok(integer)', '/x/{id}', 'CR010', 'a topic that is a path, not a function'),
    ('live.ok(integer)', 'thread/{id}', 'CR011', 'a topic that is a template, not a function'),
    ('live.ok(integer)', 'live.proc(integer)', 'CR013', 'a topic that is a procedure'),
    ('live.ok(integer)', 'live.topic_name(integer)', 'CR030', 'a topic function with another name'),
    ('live.ok(integer)', 'live.topic_type(bigint)', 'CR030', 'a topic function with another type'),
    ('live.ok(integer)', 'live.topic_more(integer,integer)', 'CR030', 'a topic function with one argument more'),
    ('live.opt(integer)', 'live.topic(integer)', 'CR030', 'a topic function that needs what the document does not'),
    ('live.ok(integer)', 'live.topic_json(integer)', 'CR031', 'a topic function that returns JSON')
) as v(function, topic, state, what);

create function live.definer(_id integer) returns json language sql stable security definer set search_path = pg_catalog, pg_temp as $$ select '1'::json $$;
create function live.invoker(_id integer) returns json language sql stable as $$ select '1'::json $$;
create function live.pure(_id integer) returns json language sql immutable as $$ select '1'::json $$;
create function live.pure_topic(_id integer) returns text language sql immutable as $$ select 'x' $$;
create function live.stable_topic(_id integer) returns text language sql stable as $$ select 'x' $$;
create function live.volatile_topic(_id integer) returns text language sql volatile security definer as $$ select 'x' $$;
select pg_temp.refused(format('select crier.live(%L, %L, topic => %L, inline => true)', '/x/{id}', v.function, v.topic), v.state, v.what)
from (values
    ('live.ok(integer)', null, 'CR033', 'inline and VOLATILE'),
    ('live.invoker(integer)', null, 'CR034', 'inline and not SECURITY DEFINER'),
    ('live.definer(integer)', 'live.volatile_topic(integer)', 'CR033', 'inline, and a VOLATILE topic'),
    ('live.definer(integer)', 'live.stable_topic(integer)', 'CR034', 'inline, and a topic that is not SECURITY DEFINER')
) as v(function, topic, state, what);
select lives_ok(format('select crier.live(%L, %L, topic => %L, inline => true)', '/x/{id}', v.function, v.topic), v.function || ' is accepted inline')
from (values ('live.definer(integer)', null), ('live.pure(integer)', 'live.pure_topic(integer)')) as v(function, topic);

select is((select count(*) from crier.routes where path like '/x%')::integer, 1, 'what was refused left nothing behind');

-- Overloads that a call can tell apart are no error, and the call does.
create function live.apart(_id integer) returns json language sql as $$ select '"integer"'::json $$;
create function live.apart(_id text) returns json language sql as $$ select '"text"'::json $$;
create function live.apart(_id integer, _more integer) returns json language sql as $$ select '"more"'::json $$;
create function live.apart(_ident uuid, _limit integer default 1) returns json language sql as $$ select '"ident"'::json $$;
create function live.apart(variadic ids bigint[]) returns json language sql as $$ select '"many"'::json $$;
select crier.live('/apart/' || v.n || v.rest, v.function) from (values
    ('1', '/{id}', 'live.apart(integer)'), ('2', '/{id}', 'live.apart(text)'), ('3', '/{id}', 'live.apart(integer,integer)'),
    ('4', '/{ident}', 'live.apart(uuid,integer)')) as v(n, rest, function);
select is(r.document, v.document, v.what)
from (values ('/apart/1/{id}', '{"id":"1"}', '"integer"', 'apart: the integer'),
    ('/apart/2/{id}', '{"id":"1"}', '"text"', 'apart: the text'),
    ('/apart/3/{id}', '{"id":"1","more":"2"}', '"more"', 'apart: one argument more'),
    ('/apart/4/{ident}', '{"ident":"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"}', '"ident"', 'apart: another name')) as v(path, arguments, document, what)
join crier.routes using (path) cross join lateral crier.read(routes.id, v.arguments::json) r;

-- What is called a clash is one: PostgreSQL itself cannot choose.
select throws_ok($$ select live.clash(_id => 1) $$, '42725', null, 'clash: PostgreSQL finds the call ambiguous too');
select throws_ok($$ select live.none() $$, '42725', null, 'clash: without arguments too');

select * from finish();
rollback;
