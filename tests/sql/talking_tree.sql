/* talking.recording_tree: its exact text, its order, and that it is the tree that a simple recursion
   finds, for trees of every shape. */
begin;
set local client_min_messages = 'warning';
select no_plan();

truncate talking.recordings cascade;
set local timezone = 'America/St_Johns';
set local datestyle = 'SQL, DMY';

insert into talking.recordings (id, parent_id, author, title, duration_ms, created_at, ups, downs) values
    (1, null, 'Ada', 'Hello', 1500, '2026-01-02 03:04:05.678901+00', 3, 1),
    (2, 1, 'Ben "B." \ Ö 😀', E'two\nlines\t\x01</script>', null, '2026-01-02 04:00:00+01', 0, 0),
    (3, 1, 'Cem', null, 0, '2026-01-02 05:00:00Z', 2, 0),
    (4, 2, '', '', 2147483647, '0099-12-31 23:59:59Z', 0, 2);

select is(talking.recording_tree(1)::text,
    '{"id":1,"author":"Ada","title":"Hello","created_at":"2026-01-02T03:04:05.678901Z","duration_ms":1500,"ups":3,"downs":1,'
    || '"score":' || talking.wilson(3, 1) || ',"reply_count":3,"audio":null,"replies":['
    || '{"id":3,"author":"Cem","title":null,"created_at":"2026-01-02T05:00:00Z","duration_ms":0,"ups":2,"downs":0,'
    || '"score":' || talking.wilson(2, 0) || ',"reply_count":0,"audio":null,"replies":[]},'
    || '{"id":2,"author":"Ben \"B.\" \\ Ö 😀","title":"two\nlines\t\u0001</script>","created_at":"2026-01-02T03:00:00Z","duration_ms":null,"ups":0,"downs":0,'
    || '"score":0,"reply_count":1,"audio":null,"replies":['
    || '{"id":4,"author":"","title":"","created_at":"0099-12-31T23:59:59Z","duration_ms":2147483647,"ups":0,"downs":2,'
    || '"score":0,"reply_count":0,"audio":null,"replies":[]}]}]}',
    'tree: the exact fields, in order, whatever the session''s settings');
select is(talking.recording_tree(3)::text, (talking.recording_tree(1)::json #> '{replies,0}')::text, 'tree: a leaf is the root of its own');
select is(talking.recording_tree(2)::text, (talking.recording_tree(1)::json #> '{replies,1}')::text, 'tree: a reply is the root of its own');
select is(talking.recording_tree(5), null, 'tree: nothing is NULL');
select is(talking.recording_tree(null), null, 'tree: NULL is NULL');
select is(talking.thread_of(4), 'thread/1', 'topic: the thread');
select is(talking.thread_of(5), null, 'topic: nothing has none');
select is(pg_typeof(talking.recording_tree(1))::text, 'crier.json_text', 'tree: text that is vouched for');

-- Order: best first, then newest, then the latest id.
truncate talking.recordings cascade;
insert into talking.recordings (id, parent_id, author, created_at, ups, downs) values
    (1, null, 'x', '2026-01-01Z', 0, 0),
    (2, 1, 'x', '2026-01-03Z', 1, 0), (3, 1, 'x', '2026-01-02Z', 100, 5), (4, 1, 'x', '2026-01-09Z', 0, 0), (5, 1, 'x', '2026-01-08Z', 0, 9),
    (6, 1, 'x', '2026-01-09Z', 0, 0), (7, 1, 'x', '2026-01-01Z', 1, 0), (8, 1, 'x', '2026-01-10Z', 60, 40);
select is((select array_agg((r->>'id')::integer order by n) from json_array_elements(talking.recording_tree(1)::json->'replies') with ordinality as a(r, n)),
    '{3,8,2,7,6,4,5}', 'tree: siblings by the bound of Wilson''s interval, then newest first');

-- The same tree by the simplest recursion that there is.
create function pg_temp.simple(_id integer) returns jsonb language plpgsql stable as $$
declare
    r talking.recordings;
    replies jsonb := '[]';
    replies_below integer := 0;
    child integer;
    one jsonb;
begin
    select * into r from talking.recordings where id = _id;
    for child in select c.id from talking.recordings c where c.parent_id = _id order by c.score desc, c.created_at desc, c.id desc loop
        one := pg_temp.simple(child);
        replies := replies || jsonb_build_array(one);
        replies_below := replies_below + 1 + (one->>'reply_count')::integer;
    end loop;
    return jsonb_build_object('id', r.id, 'author', r.author, 'title', r.title,
        'created_at', to_char(r.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
        'duration_ms', r.duration_ms, 'ups', r.ups, 'downs', r.downs, 'score', r.score, 'reply_count', replies_below,
        'audio', case when r.has_audio then '/api/recordings/' || r.id || '/audio' end, 'replies', replies);
end
$$;

create function pg_temp.plant(nodes integer, shape text) returns void language plpgsql as $$
begin
    truncate talking.recordings cascade;
    -- Ids grow downwards by 7 from a random start or upwards: parents are not always the smaller ones.
    insert into talking.recordings (id, parent_id, author, created_at, ups, downs)
    select pg_temp.name(i, nodes), case when i > 0 then pg_temp.name(case shape
            when 'chain' then i - 1
            when 'star' then 0
            when 'binary' then (i - 1) / 2
            when 'comb' then i - 2 + i % 2
            else floor(random() * i)::integer end, nodes) end,
        'x', '2026-01-01Z'::timestamptz + floor(random() * 5) * interval '1 hour', floor(random() * 3), floor(random() * 3)
    from generate_series(0, nodes - 1) i order by i;
    insert into talking.audio select r.id, 'audio/ogg', '' from talking.recordings r where random() < 0.3;
end
$$;
create function pg_temp.name(i integer, nodes integer) returns integer language sql as $$
    select case when i % 3 = 0 then 1000000 - 7 * i else 1000001 + 11 * i end $$;

select setseed(0.42);
do $$
declare
    wrong text[] := '{}';
    root integer;
begin
    for n in 1..60 loop
        perform pg_temp.plant(1 + n * 2, case when n % 5 = 0 then 'chain' when n % 5 = 1 then 'comb' when n % 5 = 2 then 'binary' else 'random' end);
        for root in select r.id from talking.recordings r where r.parent_id is null or random() < 0.2 loop
            if talking.recording_tree(root)::jsonb <> pg_temp.simple(root) then
                wrong := wrong || format('%s: %s', n, root);
            end if;
        end loop;
    end loop;
    create temp table outcome as select wrong;
end
$$;
select is(wrong, '{}', 'tree: 60 trees and their subtrees are what a simple recursion finds') from outcome;

select pg_temp.plant(1, 'star');
select is(talking.recording_tree(1000000)::jsonb, pg_temp.simple(1000000), 'tree: one recording alone');
select pg_temp.plant(300, 'star');
select is(talking.recording_tree(1000000)::jsonb, pg_temp.simple(1000000), 'tree: a star');

-- What cannot be while the triggers are on must not make a read hang.
truncate talking.recordings cascade;
insert into talking.recordings (id, parent_id, author) values (1, null, 'x'), (2, 1, 'x'), (3, 2, 'x'), (4, 1, 'x'), (9, null, 'y');
alter table talking.recordings disable trigger user;
update talking.recordings set parent_id = 3 where id = 2;
select throws_ok('select talking.recording_tree(1)', 'XX001', null, 'tree: a cycle in a thread is an error');
select is(talking.recording_tree(2)::json #>> '{replies,0,id}', '3', 'tree: from inside the cycle there is an end, too');
update talking.recordings set parent_id = 9 where id = 2;
select throws_ok('select talking.recording_tree(1)', 'XX001', null, 'tree: a wrong root_id is an error');
alter table talking.recordings enable trigger user;

-- Deep: PostgreSQL's own JSON would overflow its stack.
select pg_temp.plant(10000, 'chain');
select is(octet_length(d) - octet_length(replace(d, ',"replies":[{"id":', ',"replies":["id":')), 9999, 'tree: 10,000 levels are nested')
    from talking.recording_tree(1000000) d;
select ok(d like '%"replies":[]' || repeat('}]', 9999) || '}', 'tree: and closed') from talking.recording_tree(1000000) d;
select is((regexp_match(d, '"reply_count":(\d+)'))[1], '9999', 'tree: and counted') from talking.recording_tree(1000000) d;
select is(octet_length(d) - octet_length(replace(d, ',"replies":[{"id":', ',"replies":["id":')), 4999, 'tree: the lower half of it')
    from talking.recording_tree(pg_temp.name(5000, 10000)) d;

select * from finish();
rollback;
