/* The key of a request: every spelling of an argument becomes one, and what cannot be an argument is
   refused with the class that makes it the caller's fault. */
begin;
select no_plan();

create schema resolve;
create domain resolve.positive as integer check (value > 0);
create type resolve.mood as enum ('good', 'so so');
create function resolve.f(_id integer, p_u uuid default null, t text default null, ts timestamptz default null, d date default null,
    b boolean default null, n numeric default null, ids integer[] default null, tags text[] default null,
    mood resolve.mood default null, pos resolve.positive default null, i interval default null, bytes bytea default null, f float8 default null)
    returns json language sql stable as $$ select to_json(_id) $$;
create function resolve.two(a text, b text) returns json language sql stable as $$ select '1'::json $$;
select crier.live('/resolve/{id}', 'resolve.f');
select crier.live('/resolve/{b}/x/{a}', 'resolve.two');
create function pg_temp.key(arguments text) returns text language sql as $$
    select crier.resolve((select id from crier.routes where path = '/resolve/{id}'), arguments::json) $$;

-- The writer's settings must not matter; the caller's must not either.
set local timezone = 'Asia/Tokyo'; set local datestyle = 'German'; set local intervalstyle = 'iso_8601';
set local bytea_output = 'escape'; set local extra_float_digits = -5;

select is(pg_temp.key(v.arguments), v.key, 'key: ' || v.arguments)
from (values
    ('{"id":"17"}', '/resolve/17'), ('{"id":"017"}', '/resolve/17'), ('{"id":" 17 "}', '/resolve/17'), ('{"id":"-0"}', '/resolve/0'), ('{"id":"+17"}', '/resolve/17'),
    ('{"id":"1","u":"A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11"}', '/resolve/1?u=a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'),
    ('{"id":"1","u":"{a0eebc999c0b4ef8bb6d6bb9bd380a11}"}', '/resolve/1?u=a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'),
    ('{"t":"x","id":"1"}', '/resolve/1?t=x'), ('{"id":"1","t":""}', '/resolve/1?t='),
    ('{"id":"1","t":"a b+c&d=e/é"}', '/resolve/1?t=a%20b%2Bc%26d%3De%2F%C3%A9'),
    ('{"id":"1","ts":"2026-11-21T12:00:00Z"}', '/resolve/1?ts=2026-11-21%2012%3A00%3A00%2B00'),
    ('{"id":"1","ts":"2026-11-21 14:00+02"}', '/resolve/1?ts=2026-11-21%2012%3A00%3A00%2B00'),
    ('{"id":"1","d":"2026-02-01"}', '/resolve/1?d=2026-02-01'),
    ('{"id":"1","b":"yes"}', '/resolve/1?b=true'), ('{"id":"1","b":"0"}', '/resolve/1?b=false'),
    ('{"id":"1","n":"1.50"}', '/resolve/1?n=1.50'), ('{"id":"1","n":"1e2"}', '/resolve/1?n=100'),
    ('{"id":"1","mood":"so so"}', '/resolve/1?mood=so%20so'), ('{"id":"1","pos":"05"}', '/resolve/1?pos=5'),
    ('{"id":"1","i":"26 hours"}', '/resolve/1?i=26%3A00%3A00'), ('{"id":"1","bytes":"\\x00FF"}', '/resolve/1?bytes=%5Cx00ff'),
    ('{"id":"1","f":"0.30000000000000004"}', '/resolve/1?f=0.30000000000000004'),
    ('{"n":"2","t":"x","id":"1","u":"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"}', '/resolve/1?u=a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11&t=x&n=2'),
    -- arrays: repeated, as JSON, alone; the key is spelled so that it resolves to itself
    ('{"id":"1","ids":["01","2"]}', '/resolve/1?ids=%5B1%2C2%5D'), ('{"id":"1","ids":"[1, \"02\"]"}', '/resolve/1?ids=%5B1%2C2%5D'),
    ('{"id":"1","ids":"[]"}', '/resolve/1?ids=%5B%5D'), ('{"id":"1","ids":"7"}', '/resolve/1?ids=%5B7%5D'),
    ('{"id":"1","tags":["a,b","\"c\""]}', '/resolve/1?tags=%5B%22a%2Cb%22%2C%22%5C%22c%5C%22%22%5D'), ('{"id":"1","tags":"a,b"}', '/resolve/1?tags=%5B%22a%2Cb%22%5D'),
    ('{"id":"1","tags":"[\"a\",null]"}', '/resolve/1?tags=%5B%22a%22%2Cnull%5D')
) as v(arguments, key);

select is(crier.resolve((select id from crier.routes where path = '/resolve/{b}/x/{a}'), '{"a":"1/2","b":"ü"}'), '/resolve/%C3%BC/x/1%2F2',
    'key: path parameters in the path''s order');

-- A key resolves to itself.
select is(crier.resolve(m.route, m.arguments), v.key, 'key of a key: ' || v.key)
from (values ('/resolve/1?ids=%5B1%2C2%5D'), ('/resolve/1?tags=%5B%22a%2Cb%22%2C%22%5C%22c%5C%22%22%5D'), ('/resolve/1?t=a%20b%2Bc%26d%3De%2F%C3%A9'),
    ('/resolve/1?ts=2026-11-21%2012%3A00%3A00%2B00'), ('/resolve/%C3%BC/x/1%2F2')) as v(key)
cross join lateral crier.route_match(v.key) m;

select throws_ok(format('select pg_temp.key(%L)', v.arguments), 'PT400', null, format('PT400: %s', v.arguments))
from (values
    ('{"id":"x"}'), ('{"id":""}'), ('{"id":"1.5"}'), ('{"id":"99999999999"}'),
    ('{"id":"1","u":"no"}'), ('{"id":"1","d":"2026-13-01"}'), ('{"id":"1","d":"x"}'),
    ('{"id":"1","mood":"bad"}'), ('{"id":"1","pos":"0"}'), ('{"id":"1","ids":"[1,"}'),
    ('{"id":"1","ids":["x"]}'), ('{"id":"1","ids":"[[1]]"}'), ('{"id":"1","ids":"{1,2}"}'),
    ('{}'), ('{"t":"x"}'), ('{"id":"1","nosuch":"1"}'), ('{"id":"1","_id":"1"}'),
    ('{"id":["1","2"]}'), ('{"id":["1"]}'), ('{"id":null}'), ('{"id":{}}'), ('{"id":"1","t":["a","b"]}'),
    ('{"id":"1","id":"2"}')
) as v(arguments);

/* Which argument it is, and why; of a type that is not PostgreSQL's own no more than that. */
create function pg_temp.why(arguments text) returns text language plpgsql as $$
declare why text; begin perform pg_temp.key(arguments); return null;
exception when sqlstate 'PT400' then get stacked diagnostics why = pg_exception_detail; return why; end $$;
select is(pg_temp.why(v.arguments), v.why, 'why: ' || v.arguments)
from (values
    ('{"id":"x"}', '"id": invalid input syntax for type integer: "x"'), ('{"id":"1","ids":["2","x"]}', '"ids": invalid input syntax for type integer: "x"'),
    ('{"id":"1","u":"no","b":"maybe"}', '"u": invalid input syntax for type uuid: "no"'), ('{"id":"1","ids":"[1,"}', '"ids": invalid input syntax for type json'),
    ('{"id":"1","mood":"bad"}', '"mood": that is no value of its type'), ('{"id":"1","pos":"0"}', '"pos": that is no value of its type'),
    ('{"id":"1","pos":"x"}', '"pos": that is no value of its type')
) as v(arguments, why);
select throws_ok($$ select crier.resolve(-1, '{}') $$, 'PT404', null, 'PT404: no such route');
select throws_ok($$ select pg_temp.key('{"id":"1'')::int; drop table crier.routes; --"}') $$, 'PT400', null, 'SQL in a value is a value');
select throws_ok($$ select pg_temp.key('{"id\" => 1); --":"1"}') $$, 'PT400', null, 'SQL in a name is a name');

select is(current_setting('timezone') || ' ' || current_setting('intervalstyle'), 'Asia/Tokyo iso_8601', 'the caller''s settings are the caller''s again');

select * from finish();
rollback;
