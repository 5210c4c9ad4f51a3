-- writes.sql -- functions for the tests of actions and blobs: each is one thing that somebody may write.

create table app.entries (
    id integer generated always as identity primary key,
    title varchar(10) not null,
    n integer not null default 5 check (n < 1000),
    parent integer references app.entries deferrable initially deferred,
    tags text[],
    at timestamptz);
create unique index on app.entries (title) where n = 7;

create function app.add_entry(
    _title text, n integer default 5, p_tags text[] default null, at timestamptz default null, parent integer default null)
    returns crier.response language plpgsql as $$
declare
    e app.entries;
begin
    insert into app.entries (title, n, tags, at, parent) values (_title, add_entry.n, p_tags, add_entry.at, add_entry.parent)
        returning * into e;
    return crier.respond(201, to_jsonb(e), '/api/entries/' || e.id);
end
$$;
create function app.entry(_id integer) returns json language sql stable as $$
    select to_json(e) from app.entries e where e.id = _id
$$;
create function app.edit_entry(_id integer, _title text default null) returns void language plpgsql as $$
begin
    update app.entries set title = _title where id = _id;
    if not found then
        raise sqlstate 'PT404' using message = 'There is no such entry', detail = 'Look at /api/entries';
    end if;
end
$$;
create function app.drop_entry(_id integer) returns jsonb language sql as $$
    delete from app.entries where id = _id returning to_jsonb(entries)
$$;

-- What arrives, as PostgreSQL understood it.
create function app.types(
    t text default 'default', i integer default 0, b boolean default null, numbers integer[] default null,
    words text[] default null, d date default null, j1 jsonb default null, j2 jsonb default null, js jsonb[] default null)
    returns json language sql as $$
    select json_build_object('t', t, 'i', i, 'b', b, 'numbers', numbers, 'words', words, 'd', d, 'j1', j1, 'j2', j2, 'js', js)
$$;
create function app.payload(_source text, payload jsonb) returns jsonb language sql as $$
    select jsonb_build_object('source', _source, 'payload', payload)
$$;
create function app.text_payload(payload json) returns json language sql as $$ select payload $$;
create function app.upload(title text, parent integer default null, bytes bytea default null)
    returns crier.response language sql as $$
    select crier.respond(201, jsonb_build_object('title', title, 'parent', parent, 'length', octet_length(bytes),
        'sha256', encode(sha256(bytes), 'hex'), 'type', crier.header('Content-Type')), '/api/uploads/1')
$$;
create function app.mixed(title text, meta jsonb) returns jsonb language sql as $$ select jsonb_build_array(title, meta) $$;
create function app.nothing() returns void language sql as $$ $$;
create function app.headers(_name text) returns json language sql as $$ select to_json(coalesce(crier.header(_name), 'NULL')) $$;

-- Answers, also impossible ones.
create function app.answer(payload jsonb) returns crier.response language sql as $$
    select row((payload->>'status')::integer, payload->'headers', payload->>'body',
        decode(payload->>'bytes', 'hex'))::crier.response
$$;
create function app.null_answer() returns crier.response language sql as $$ select null::crier.response $$;
create function app.null_json() returns json language sql as $$ select null::json $$;
create function app.page() returns crier.response language sql as $$
    select crier.respond_bytes(convert_to('<p>zażółć', 'UTF8'), 'text/html; charset=utf-8', headers => '{"set-cookie": ["a=1", "b=2"]}')
$$;

-- Failures, by SQLSTATE; and ones that come at COMMIT.
create function app.fail(_state text) returns void language plpgsql as $$
begin
    insert into app.entries (title) values ('failed');
    raise exception using errcode = _state, message = 'the secret of app.entries', detail = 'its detail', hint = 'its hint';
end
$$;
create function app.divide(_by integer) returns json language sql as $$ select to_json(1 / _by) $$;
create function app.wait() returns void language plpgsql as $$
begin
    insert into app.entries (title) values ('waited');
    perform pg_advisory_xact_lock_shared(4711); -- gate.js
end
$$;
create function app.odd() returns void language plpgsql as $$
begin
    perform set_config('search_path', 'nowhere', false), set_config('timezone', 'Asia/Tokyo', false),
        set_config('statement_timeout', '1', false), set_config('role', 'relay', false);
    create temporary table note (a integer);
    perform pg_advisory_lock(7);
    execute 'listen crier';
end
$$;
create function app.state() returns json language sql as $$
    select json_build_object('user', current_user, 'timezone', current_setting('timezone'),
        'timeout', current_setting('statement_timeout'), 'headers', coalesce(current_setting('crier.headers', true), ''),
        'read_only', current_setting('transaction_read_only'), 'isolation', current_setting('transaction_isolation'))
$$;
create function app.untidy(_fails boolean) returns json language plpgsql stable as $$
begin
    perform set_config('work_mem', '1MB', false), set_config('role', 'relay', false), pg_advisory_lock(8);
    if _fails then
        raise 'no';
    end if;
    return '1';
end
$$;
create function app.fails_untidily() returns void language plpgsql as $$ begin perform pg_advisory_lock(9); raise 'no'; end $$;
create function app.session() returns json language sql stable as $$
    select json_build_object('work_mem', current_setting('work_mem'), 'role', current_setting('role'))
$$;

-- Blobs. Their octets are made by a rule, so that a test can tell any window of them.
create table app.files (id integer primary key, type text, version integer not null default 1, bytes bytea);
alter table app.files alter bytes set storage external;
create function app.octets(_seed integer, _length integer) returns bytea language sql immutable as $$
    select substring(coalesce(string_agg(sha256(convert_to(_seed || ':' || n, 'UTF8')), '' order by n), ''), 1, _length)
    from generate_series(0, (_length - 1) / 32) n
$$;
create function app.file(_id integer) returns bytea language sql stable as $$ select bytes from app.files where id = _id $$;
create function app.file_type(_id integer) returns text language sql stable as $$ select type from app.files where id = _id $$;
create function app.file_version(_id integer) returns text language sql stable as $$
    select version || ' "of' from app.files where id = _id
$$;
create function app.made(_seed integer, length integer default 10) returns bytea language plpgsql stable as $$
begin
    if length < 0 then
        raise exception 'the secret';
    end if;
    return app.octets(_seed, length);
end
$$;
insert into app.files values
    (1, 'audio/webm; codecs=opus', 1, app.octets(1, 1000000)), (2, null, 1, ''), (3, 'text/plain', 1, null),
    (4, E'text/html\r\nset-cookie: evil=1', 1, 'x'), (5, 'x', 1, 'y'), (6, 'image/png', 1, app.octets(6, 131072)),
    (7, 'image/png', 1, app.octets(7, 131073)), (8, 'audio/wav', 1, (select string_agg(o, '') from app.octets(8, 131073) o, generate_series(1, 128)));
insert into app.files select 80, type, version, bytes from app.files where id = 8; -- what 8 was before a test changed it

select crier.blob('/files/{id}', 'app.file(integer)', type => 'app.file_type(integer)');
select crier.blob('/versions/{id}', 'app.file(integer)', type => 'audio/x', cache => 'public, max-age=60', etag => 'app.file_version');
select crier.blob('/made/{seed}', 'app.made');

select crier.live('/api/entries/{id}', 'app.entry(integer)');
select crier.watch('app.entries', '/api/entries/{id}');
select crier.action('POST', '/api/entries', 'app.add_entry');
select crier.action('PATCH', '/api/entries/{id}', 'app.edit_entry(integer, text)');
select crier.action('DELETE', '/api/entries/{id}', 'app.drop_entry(integer)');
select crier.action('POST', '/api/types', 'app.types');
select crier.action('PUT', '/api/payload/{source}', 'app.payload');
select crier.action('POST', '/api/text-payload', 'app.text_payload');
select crier.action('POST', '/api/uploads', 'app.upload');
select crier.action('POST', '/api/mixed', 'app.mixed', body => '');
select crier.action('POST', '/api/mixed/whole', 'app.mixed');
select crier.action('POST', '/api/nothing', 'app.nothing');
select crier.action('POST', '/api/headers/{name}', 'app.headers');
select crier.action('POST', '/api/answer', 'app.answer');
select crier.action('POST', '/api/null/answer', 'app.null_answer');
select crier.action('POST', '/api/null/json', 'app.null_json');
select crier.action('POST', '/api/page', 'app.page');
select crier.action('POST', '/api/fail/{state}', 'app.fail');
select crier.action('POST', '/api/divide/{by}', 'app.divide');
select crier.action('POST', '/api/wait', 'app.wait');
select crier.action('POST', '/api/odd', 'app.odd');
select crier.action('POST', '/api/state', 'app.state');
select crier.live('/api/untidy/{fails}', 'app.untidy');
select crier.action('POST', '/api/untidy', 'app.fails_untidily');
select crier.live('/api/session', 'app.session');

grant select, insert, update, delete on all tables in schema app to relay;
grant execute on all functions in schema app to relay;
