/* What crier.live keeps: the route, its parameters and options; and crier.unroute. */
begin;
select no_plan();

create schema live;
create type live.mood as enum ('good', 'bad');
create function live.post(_id uuid) returns json language sql stable as $$ select '{}'::json $$;
create function live.posts(p_limit integer default 50, tags text[] default null, mood live.mood default null)
    returns jsonb language sql stable as $$ select '[]'::jsonb $$;
create function live.deep(id bigint) returns crier.json_text language sql stable as $$ select '1'::crier.json_text $$;
create function live.all_() returns json language sql stable as $$ select '{}'::json $$;
create function live."Odd name"("_Größe" numeric) returns json language sql stable as $$ select '{}'::json $$;
create function live.topic(_id uuid) returns text language sql immutable as $$ select 'x' $$;
create function live.some_topic("limit" integer default 50) returns text language sql stable as $$ select 'x' $$;

select lives_ok($$ select crier.live('/live/posts/{id}', 'live.post(uuid)') $$, 'live: declares a document');
select results_eq(
    $$ select method, path, kind, function, event, topic, inline, min_interval, reread, max_bytes
       from crier.routes where path = '/live/posts/{id}' $$,
    $$ values ('GET', '/live/posts/{id}', 'live', 'live.post(uuid)', 'message', null::text, false,
               interval '50 ms', interval '1 minute', 67108864::bigint) $$,
    'live: the defaults are the promised ones');
select is(parameters, '[{"name":"id","argument":"_id","type":"uuid","required":true,"in":"path"}]',
    'live: a leading _ is dropped from the name') from crier.routes where path = '/live/posts/{id}';

select lives_ok($$ select crier.live('/live/posts', 'live.posts') $$, 'live: a unique name needs no argument list');
select is(function, 'live.posts(integer,text[],live.mood)', 'live: the function is kept with its types') from crier.routes where path = '/live/posts';
select is(parameters, '[
    {"name":"limit","argument":"p_limit","type":"integer","required":false,"in":"query"},
    {"name":"tags","argument":"tags","type":"text[]","required":false,"in":"query"},
    {"name":"mood","argument":"mood","type":"live.mood","required":false,"in":"query"}]',
    'live: what the path does not name comes from the query, in order') from crier.routes where path = '/live/posts';

select lives_ok($$ select crier.live('/live/deep/{id}', 'live.deep(bigint)') $$, 'live: crier.json_text is JSON');
select lives_ok($$ select crier.live('/live/all', 'live.all_()') $$, 'live: no arguments at all');
select lives_ok($$ select crier.live('/live/odd/{Größe}', 'live."Odd name"(numeric)') $$, 'live: quoted names');
select is(crier.resolve((select id from crier.routes where path = '/live/odd/{Größe}'), '{"Größe":"01.50"}'), '/live/odd/1.50',
    'live: quoted names can be called');

-- Again for the same path.
create function live.other(id uuid, _limit integer default 1) returns json language sql stable security definer as $$ select '{}'::json $$;
create temporary table before on commit drop as select id, (select fingerprint from crier.relay_routes() f where f.id = r.id), created_at
    from crier.routes r where path = '/live/posts/{id}';
select is(crier.live('/live/posts/{id}', 'live.other(uuid,integer)', 'data', 'live.topic(uuid)', true, '0', '2 hours', 1000),
    (select id from before), 'live: again for the same path keeps the id');
select results_eq(
    $$ select function, event, topic, inline, min_interval, reread, max_bytes, jsonb_array_length(parameters), created_at
       from crier.routes where path = '/live/posts/{id}' $$,
    $$ select 'live.other(uuid,integer)', 'data', 'live.topic(uuid)', true, interval '0', interval '2 hours', 1000::bigint, 2, created_at from before $$,
    'live: again for the same path changes everything else');
select isnt((select f.fingerprint from crier.relay_routes() f join before using (id)), (select fingerprint from before),
    'live: the fingerprint tells');
update before set fingerprint = (select f.fingerprint from crier.relay_routes() f where f.id = before.id);
select crier.live('/live/posts/{id}', 'live.other(uuid,integer)', 'data', 'live.topic(uuid)', true, '0', '2 hours', 1000);
select is((select f.fingerprint from crier.relay_routes() f join before using (id)), (select fingerprint from before),
    'live: the same declaration has the same fingerprint');

select lives_ok($$ select crier.live('/live/some', 'live.posts', topic => 'live.some_topic') $$,
    'live: a topic function may take some of the arguments');

-- Names are the caller's.
set local search_path = live, public;
select is(function, 'live.post(uuid)', 'live: an unqualified name is looked up in the caller''s search_path')
from crier.routes where id = (select crier.live('/live/unqualified/{id}', 'post'));
reset search_path;

select is((select count(*) from crier.relay_routes() where path like '/live/%')::integer, 7, 'relay_routes: shows every route');
select results_eq(
    $$ select has_topic, inline, min_interval_ms, reread_ms, max_bytes, event from crier.relay_routes() where path = '/live/posts/{id}' $$,
    $$ values (true, true, 0, 7200000, 1000::bigint, 'data') $$,
    'relay_routes: times are milliseconds');

select ok(crier.unroute('/live/posts/{whatever}'), 'unroute: the parameter''s name does not matter');
select ok(not crier.unroute('/live/posts/{id}'), 'unroute: false when there is no such route');
select is_empty($$ select from crier.routes where path = '/live/posts/{id}' $$, 'unroute: the route is gone');
drop function live.deep(bigint);
select ok(crier.unroute('/live/deep/{id}'), 'unroute: works when the function is gone');

select * from finish();
rollback;
