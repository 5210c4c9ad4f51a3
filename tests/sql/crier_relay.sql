/* What relays report, and who may call what. */
begin;
select no_plan();

select is(crier.version(), 2, 'version: 2');

-- Reports.
create role crier_test_relay login;
select crier.grant_relay('crier_test_relay');
select crier.grant_relay('crier_test_relay');
set local session authorization crier_test_relay;
select lives_ok($$ select crier.relay_report('00000000-0000-0000-0000-000000000001',
    '{"name":"host:8080","version":"0.1","listening":true}',
    '[{"key":"/a","route":1,"topic":"/a","subscribers":2,"notified":1700000000123,"read":1700000000456},
      {"key":"/b","route":2,"topic":null,"subscribers":1,"error":"57014"}]') $$, 'relay_report: as a relay''s role');
reset session authorization;
select results_eq($$ select name, role = 'crier_test_relay', version, listening, seen >= started from crier.relays where id = '00000000-0000-0000-0000-000000000001' $$,
    $$ values ('host:8080', true, '0.1', true, true) $$, 'relay_report: the relay, with the role it logged in as');
select results_eq($$ select key, route, topic, subscribers, notified, read, error from crier.subscriptions
        where relay = '00000000-0000-0000-0000-000000000001' order by key $$,
    $$ values ('/a', 1, '/a', 2, '2023-11-14 22:13:20.123+00'::timestamptz, '2023-11-14 22:13:20.456+00'::timestamptz, null::text),
              ('/b', 2, null, 1, null, null, '57014') $$, 'relay_report: its subscriptions');
select crier.relay_report('00000000-0000-0000-0000-000000000001', '{"name":"host:8080","version":"0.1","listening":false}',
    '[{"key":"/a","subscribers":0},{"key":"/b","route":2,"topic":"/b","subscribers":3},{"key":"/never","subscribers":0}]');
select results_eq($$ select key, topic, subscribers, error from crier.subscriptions where relay = '00000000-0000-0000-0000-000000000001' $$,
    $$ values ('/b', '/b', 3, null::text) $$, 'relay_report: changes rows, and removes those without subscribers');
select is(listening, false, 'relay_report: listening follows') from crier.relays where id = '00000000-0000-0000-0000-000000000001';
select lives_ok($$ select crier.relay_report('00000000-0000-0000-0000-000000000001', '{}', null) $$, 'relay_report: nothing to report');
select lives_ok($$ select crier.relay_report('00000000-0000-0000-0000-000000000001', '{}', '[{"key":"/b","subscribers":1},{"key":"/b","subscribers":2}]') $$,
    'relay_report: a key twice is no error');

select crier.relay_report('00000000-0000-0000-0000-000000000002', '{"name":"second"}', '[{"key":"/b","subscribers":7}]');
update crier.relays set seen = now() - interval '61 minutes' where id = '00000000-0000-0000-0000-000000000001';
select crier.relay_report('00000000-0000-0000-0000-000000000002', '{"name":"second"}', '[]');
select results_eq($$ select name from crier.relays where id::text like '00000000-0000-0000-0000-00000000000_' $$, $$ values ('second') $$,
    'relay_report: forgets relays unseen for an hour');
select is_empty($$ select from crier.subscriptions where relay = '00000000-0000-0000-0000-000000000001' $$, 'relay_report: with their subscriptions');
select crier.relay_stop('00000000-0000-0000-0000-000000000002');
select is_empty($$ select from crier.relays where id = '00000000-0000-0000-0000-000000000002' $$, 'relay_stop: the relay is gone');
select is_empty($$ select from crier.subscriptions where relay = '00000000-0000-0000-0000-000000000002' $$, 'relay_stop: with its subscriptions');
select is(relpersistence, 'u', 'unlogged: ' || relname) from pg_class where oid in ('crier.relays'::regclass, 'crier.subscriptions'::regclass);

-- Privileges: what a stranger may, and what a relay may besides.
create role crier_test_nobody;
grant usage on schema crier to crier_test_nobody;
select set_eq(
    $$ select p.proname::text from pg_proc p where p.pronamespace = 'crier'::regnamespace and p.prorettype <> 'trigger'::regtype
       and has_function_privilege('crier_test_nobody', p.oid, 'execute') $$,
    array['version', 'encode', 'encode_octets', 'touch', 'header', 'respond', 'respond_bytes'], 'privileges: what anybody may call who may use the schema');
select set_eq(
    $$ select p.proname::text from pg_proc p where p.pronamespace = 'crier'::regnamespace
       and has_function_privilege('crier_test_relay', p.oid, 'execute') and not has_function_privilege('crier_test_nobody', p.oid, 'execute') $$,
    array['relay_routes', 'resolve', 'read', 'relay_report', 'relay_stop', 'refresh_watches', 'template_parts', 'items',
        'argument_fits', 'arguments_refuse', 'conversion_refuse', 'path_fill', 'act', 'action_values', 'argument', 'argument_items', 'body_json', 'response_of', 'response_head', 'announce',
        'blob_head', 'blob_query', 'blob_window', 'blob_call', 'blob_slice', 'blob_etag', 'is_media_type', 'build', 'relay_secret'],
    'privileges: what a relay may call besides');
select is_empty($$ select c.relname from pg_class c where c.relnamespace = 'crier'::regnamespace and c.relkind in ('r', 'v')
    and has_table_privilege('crier_test_nobody', c.oid, 'select, insert, update, delete, truncate, references, trigger') $$,
    'privileges: no table is anybody''s');
select set_eq($$ select c.relname::text, p from pg_class c, unnest('{select,insert,update,delete,truncate,references,trigger}'::text[]) p
    where c.relnamespace = 'crier'::regnamespace and c.relkind = 'r' and has_table_privilege('crier_test_relay', c.oid, p) $$,
    $$ values ('routes', 'select') $$, 'privileges: a relay reads the routes and no more');
select is_empty($$ select from pg_proc p where p.pronamespace = 'crier'::regnamespace and p.prosecdef and has_function_privilege('public', p.oid, 'execute')
    and p.proname <> 'touch' $$, 'privileges: nothing that runs as its owner is anybody''s but touch');

create schema relay;
create function relay.doc(_id integer, ids integer[] default '{}') returns json language sql stable as $$ select to_json(_id) $$;
grant usage on schema relay to crier_test_relay;
select crier.live('/relay/{id}', 'relay.doc');
create temporary table r on commit drop as select id from crier.routes where path = '/relay/{id}';
grant select on r to crier_test_relay;
set local session authorization crier_test_relay;
select lives_ok('select * from crier.relay_routes()', 'a relay may list the routes');
select is((select crier.resolve(id, '{"id":"01","ids":["1"]}') from r), '/relay/1?ids=%5B1%5D', 'a relay may resolve');
select is((select (crier.read(id, '{"id":"01","ids":["1"]}')).document from r), '1', 'a relay may read');
select throws_ok($$ select crier.resolve((select id from r), '{"no":"1"}') $$, 'PT400', null, 'a relay gets the caller''s faults as such');
select lives_ok('select crier.refresh_watches()', 'a relay may refresh watches');
select throws_ok($$ select crier.live('/x', 'relay.doc') $$, '42501', null, 'a relay may not declare');
reset session authorization;

-- Errors of grant_relay.
create function pg_temp.state_of(statement text) returns text language plpgsql as $$
declare
    detail text;
    hint text;
begin
    execute statement;
exception when others then
    get stacked diagnostics detail = pg_exception_detail, hint = pg_exception_hint;
    return sqlstate || case when detail <> '' and hint <> '' then ' with detail and hint' else '' end;
end $$;
select is(pg_temp.state_of($$ select crier.grant_relay('nobody at all') $$), 'CR060 with detail and hint', 'grant_relay: a role that is not there');
select is(pg_temp.state_of($$ select crier.grant_relay(null) $$), 'CR060 with detail and hint', 'grant_relay: no role');
select is(pg_temp.state_of($$ select crier.grant_relay('public') $$), 'CR060 with detail and hint', 'grant_relay: public is no login role');
create role "Odd ""role" login;
select lives_ok($$ select crier.grant_relay('Odd "role') $$, 'grant_relay: a quoted name');

select * from finish();
rollback;
