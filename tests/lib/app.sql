-- app.sql -- a small application for the tests of the relay: every kind of function, nothing of ours.

create schema app;

create table app.notes (
    id integer primary key,
    thread integer not null default 0,
    body text not null);

create function app.note(_id integer) returns json language sql stable as $$
    select json_build_object('id', n.id, 'body', n.body) from app.notes n where n.id = _id
$$;

create function app.notes(_thread integer default 0, _limit integer default 100) returns json language sql stable as $$
    select json_build_object('thread', _thread, 'limit', _limit, 'count', count(*),
        'notes', coalesce(json_agg(json_build_array(n.id, n.body) order by n.id), '[]'))
    from (select * from app.notes n where n.thread = _thread order by n.id limit _limit) n
$$;

create function app.thread_of(_id integer) returns text language sql stable as $$
    select 'thread/' || n.thread from app.notes n where n.id = _id
$$;

-- Arguments of every kind come back as PostgreSQL understood them.
create function app.echo(_word text) returns json language sql stable as $$ select json_build_object('word', _word) $$;
create function app.item(p_id uuid) returns json language sql stable as $$ select json_build_object('id', p_id) $$;
create function app.sum(_numbers integer[], _scale numeric default 1) returns json language sql stable as $$
    select json_build_object('sum', coalesce(sum(n), 0) * _scale) from unnest(_numbers) n
$$;
create function app.tagged(_tags text[] default '{}') returns json language sql stable as $$ select to_json(_tags) $$;
create function app.day(_at timestamptz) returns json language sql stable as $$ select to_json(_at) $$;
create function app.flag(_on boolean) returns json language sql stable as $$ select to_json(_on) $$;

-- A function that does what its row says.
create table app.moods (id integer primary key, mood text not null, version integer not null default 0);
create function app.mood(_id integer) returns json language plpgsql stable as $$
declare
    m app.moods;
begin
    select * into m from app.moods where id = _id;
    if not found or m.mood = 'null' then
        return null;
    elsif m.mood = 'divide' then
        return to_json(1 / (m.version - m.version));
    elsif m.mood = 'sleep' then
        perform pg_sleep(60);
    elsif m.mood like '_____' and m.mood <> 'happy' then
        raise exception using errcode = m.mood, message = 'the mood is ' || m.mood, detail = 'select secret from app.moods';
    end if;
    return json_build_object('id', m.id, 'mood', m.mood, 'version', m.version);
end
$$;

create table app.texts (id integer primary key, document text not null);
create function app.raw(_id integer) returns crier.json_text language sql stable as $$
    select document from app.texts where id = _id
$$;
create function app.filled(_size integer) returns json language sql stable as $$ select to_json(repeat('x', _size - 2)) $$;

-- No document is read again by itself while a test counts reads.
select crier.live('/api/notes', 'app.notes(integer, integer)', reread => '1 hour');
select crier.live('/api/notes/{id}', 'app.note(integer)', event => 'note', reread => '1 hour');
select crier.live('/api/threads/{id}', 'app.note(integer)', topic => 'app.thread_of(integer)', reread => '1 hour');
select crier.live('/api/echo/{word}', 'app.echo(text)', reread => '1 hour');
select crier.live('/api/echo/fixed', 'app.tagged(text[])', reread => '1 hour');
select crier.live('/api/item/{id}', 'app.item(uuid)', reread => '1 hour');
select crier.live('/api/sum', 'app.sum(integer[], numeric)', reread => '1 hour');
select crier.live('/api/tagged', 'app.tagged(text[])', reread => '1 hour');
select crier.live('/api/day/{at}', 'app.day(timestamptz)', reread => '1 hour');
select crier.live('/api/flag', 'app.flag(boolean)', reread => '1 hour');
select crier.live('/api/moods/{id}', 'app.mood(integer)', reread => '1 hour');
select crier.live('/api/raw/{id}', 'app.raw(integer)', reread => '1 hour');
select crier.live('/api/filled/{size}', 'app.filled(integer)', max_bytes => 1000, reread => '1 hour');

select crier.watch('app.notes', '/api/notes/{id}');
select crier.watch('app.notes', '/api/notes');
select crier.watch('app.notes', 'thread/{thread}');
select crier.watch('app.moods', '/api/moods/{id}');
select crier.watch('app.texts', '/api/raw/{id}');

grant usage on schema app to relay;
grant select on all tables in schema app to relay;
grant execute on all functions in schema app to relay;

insert into app.notes values (1, 0, 'one'), (2, 0, 'two'), (3, 1, 'three');
insert into app.moods values (1, 'happy');
