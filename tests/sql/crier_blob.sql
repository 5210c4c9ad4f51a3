/* Blobs: what crier.blob refuses and stores, what the relay is told, and that PostgreSQL reads windows only. */
begin;
set local client_min_messages = 'warning';
select no_plan();

\ir lib/refused.sql

create schema bl;
create table bl.files (id integer primary key, type text, version integer not null default 1, bytes bytea);
alter table bl.files alter bytes set storage external;
create function bl.file(_id integer) returns bytea language sql stable as $$ select bytes from bl.files where id = _id $$;
create function bl.type(_id integer) returns text language sql stable as $$ select type from bl.files where id = _id $$;
create function bl.version(_id integer) returns text language sql stable as $$ select version::text from bl.files where id = _id $$;
create function bl.other(_name text) returns text language sql stable as $$ select _name $$;
create function bl.number(_id integer) returns integer language sql stable as $$ select _id $$;
create function bl.doc(_id integer) returns json language sql stable as $$ select '1'::json $$;
insert into bl.files values (1, 'audio/webm', 1, (select string_agg(sha256(n::text::bytea), '' order by n) from generate_series(1, 10000) n)),
    (2, null, 1, ''), (3, 'x', 1, null), (4, 'nonsense', 1, 'x');

select pg_temp.refused(format('select crier.blob(%L, %L, %s)', v.path, v.function, v.options), v.state, v.what)
from (values
    ('x', 'bl.file', $$type => 'a/b'$$, 'CR001', 'a path without slash'), ('/x/{other}', 'bl.file', $$type => 'a/b'$$, 'CR022', 'a parameter without argument'),
    ('/x/{id}', 'bl.doc', $$type => 'a/b'$$, 'CR027', 'a document'), ('/x/{id}', 'bl.file', $$type => 'bl.nothing'$$, 'CR011', 'a type that is no function'),
    ('/x/{id}', 'bl.file', $$type => E'a/b\r\nc'$$, 'CR040', 'a type that is none'), ('/x/{id}', 'bl.file', $$type => 'a/b/c'$$, 'CR040', 'too many slashes'),
    ('/x/{id}', 'bl.file', $$type => null$$, 'CR040', 'no type'), ('/x/{id}', 'bl.file', $$cache => E'a\nb'$$, 'CR040', 'a Cache-Control with a line end'),
    ('/x/{id}', 'bl.file', $$cache => null$$, 'CR040', 'no Cache-Control'), ('/x/{id}', 'bl.file', $$type => 'bl.other(text)'$$, 'CR030', 'a type''s function with other arguments'),
    ('/x/{id}', 'bl.file', $$etag => 'bl.number(integer)'$$, 'CR031', 'an ETag that is a number')) as v(path, function, options, state, what);

select crier.blob('/bl/{id}', 'bl.file', type => 'bl.type(integer)');
select crier.blob('/bl/versions/{id}', 'bl.file', type => 'audio/x; a=b', cache => 'no-store', etag => 'bl.version');
create function pg_temp.route(path text) returns integer language sql as $$ select id from crier.routes r where r.path = route.path $$;
create function pg_temp.head(path text, id integer, number integer default null) returns record language sql as $$
    select h from crier.blob_head(pg_temp.route(path), json_build_object('id', id::text), number) h
$$;
select is(kind, 'blob', 'its kind') from crier.relay_routes() where path = '/bl/{id}';

select results_eq($$ select length, type, cache, octet_length(etag), octet_length(hashes), octet_length(piece) from crier.blob_head(pg_temp.route('/bl/{id}'), '{"id":"1"}', 2) $$,
    $$ values (320000, 'audio/webm', 'no-cache', 24, 48, 57856) $$, 'head: with hashes, and the last window');
select results_eq($$ select length, type, cache, octet_length(etag), hashes is null, piece is null from crier.blob_head(pg_temp.route('/bl/versions/{id}'), '{"id":"1"}', null) $$,
    $$ values (320000, 'audio/x; a=b', 'no-store', 24, true, true) $$, 'head: with a version no octet is read');
select results_eq($$ select length, type from crier.blob_head(pg_temp.route('/bl/{id}'), '{"id":"2"}', 0) $$, $$ values (0, 'application/octet-stream') $$, 'head: no octets, no type');
select throws_ok($$ select crier.blob_head(pg_temp.route('/bl/{id}'), '{"id":"3"}', 0) $$, 'PT404', null, 'NULL is PT404');
select throws_ok($$ select crier.blob_head(pg_temp.route('/bl/{id}'), '{"id":"9"}', 0) $$, 'PT404', null, 'so is no row');
select throws_ok($$ select crier.blob_head(pg_temp.route('/bl/{id}'), '{"id":"4"}', 0) $$, 'CR084', null, 'CR084: no media type');
select throws_ok($$ select crier.blob_head(pg_temp.route('/bl/{id}'), '{"id":"x"}', 0) $$, 'PT400', null, 'PT400: no integer');
select throws_ok($$ select crier.blob_head(pg_temp.route('/bl/{id}'), '{"id":"1","x":"1"}', 0) $$, 'PT400', null, 'PT400: unknown');
select throws_ok($$ select crier.blob_head(-1, '{}', 0) $$, 'PT404', null, 'PT404: no such route');

create function pg_temp.whole(path text, id integer) returns bytea language sql as $$
    select string_agg(crier.blob_window(pg_temp.route(path), json_build_object('id', id::text), n, h.length, h.etag, substr(h.hashes, 1 + 16 * n, 16)), '' order by n)
    from crier.blob_head(pg_temp.route(path), json_build_object('id', id::text), null) h, generate_series(0, (h.length - 1) / 131072) n
$$;
select is(pg_temp.whole('/bl/{id}', 1), bl.file(1), 'windows make the whole');
select is(pg_temp.whole('/bl/versions/{id}', 1), bl.file(1), 'with a version, too');

create temporary table before as select * from crier.blob_head(pg_temp.route('/bl/{id}'), '{"id":"1"}', null);
create temporary table version_before as select * from crier.blob_head(pg_temp.route('/bl/versions/{id}'), '{"id":"1"}', null);
update bl.files set bytes = overlay(bytes placing '\x00' from 200000) where id = 1;
select isnt((select h.etag from crier.blob_head(pg_temp.route('/bl/{id}'), '{"id":"1"}', null) h), b.etag, 'another octet, another ETag') from before b;
select results_eq($$ select n, crier.blob_window(pg_temp.route('/bl/{id}'), '{"id":"1"}', n, b.length, b.etag, substr(b.hashes, 1 + 16 * n, 16)) is null from before b, generate_series(0, 2) n order by n $$,
    $$ values (0, false), (1, true), (2, false) $$, 'a window of other octets is NULL');
update bl.files set version = 2 where id = 1;
select is(crier.blob_window(pg_temp.route('/bl/versions/{id}'), '{"id":"1"}', 0, b.length, b.etag, null), null, 'so is one of another version') from version_before b;
update bl.files set bytes = bytes || 'x' where id = 1;
select is(crier.blob_window(pg_temp.route('/bl/{id}'), '{"id":"1"}', 0, b.length, b.etag, substr(b.hashes, 1, 16)), null, 'and one of another length') from before b;
delete from bl.files where id = 1;
select is(crier.blob_window(pg_temp.route('/bl/{id}'), '{"id":"1"}', 0, b.length, b.etag, substr(b.hashes, 1, 16)), null, 'and of a row that is gone') from before b;

-- Explaining.
insert into bl.files values (1, 'audio/webm', 1, 'octets');
select ok(ok and detail ~ '^6 octets of audio/webm in ', 'explain: asks for it') from crier.explain('/bl/1') where step = 'octets';
insert into bl.files values (10, 'a/b', 1, (select string_agg(sha256(n::text::bytea), '') from generate_series(1, 40000) n));
select ok(ok and hint ~ 'etag', 'explain: the whole is read for the ETag') from crier.explain('/bl/10') where step = 'octets';
select is(hint, null, 'explain: not with a version') from crier.explain('/bl/versions/10') where step = 'octets';
alter table bl.files alter bytes set storage main;
insert into bl.files values (11, 'a/b', 1, convert_to(repeat('x', 2000000), 'UTF8'));
select ok(ok and hint ~ 'external', 'explain: what is compressed is read from its beginning') from crier.explain('/bl/versions/11') where step = 'octets';
select ok(not ok and hint ~ '404', 'explain: NULL') from crier.explain('/bl/3') where step = 'octets';
select ok(not ok and hint ~ 'id integer', 'explain: wrong arguments') from crier.explain('/bl/x') where step = 'octets';
select ok(not ok and detail ~ 'CR084', 'explain: no media type') from crier.explain('/bl/4') where step = 'octets';
select is((select count(*)::integer from crier.explain('/bl/{id}') where step = 'octets'), 0, 'explain: a template is not asked for');
drop function bl.type(integer);
select ok(not ok and detail = 'bl.type(integer) is gone' and hint ~ 'crier.blob', 'explain: its type''s function is gone') from crier.explain('/bl/1') where step = 'function';

select * from finish();
rollback;
