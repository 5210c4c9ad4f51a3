/* talking.recordings_list: the threads, best first, and how many replies each has. */
begin;
set local client_min_messages = 'warning';
select no_plan();

truncate talking.recordings cascade;
alter table talking.recordings alter id restart with 10000;
select is(talking.recordings_list()::text, '{"recordings":[]}', 'list: nobody has spoken');
insert into talking.recordings (id, parent_id, author, title, duration_ms, created_at, ups, downs) values
    (1, null, 'Ada', 'One', 10, '2026-01-01Z', 0, 0), (2, null, 'Ben', null, null, '2026-01-02Z', 0, 3), (3, null, 'Cem', 'Three', 30, '2026-01-01Z', 9, 1),
    (4, 1, 'Dee', 'a reply', 1, '2026-01-03Z', 99, 0), (5, 4, 'Eve', 'a reply', 1, '2026-01-03Z', 99, 0), (6, null, 'Fay', '"six"', 0, '2026-01-01Z', 0, 0);
select is(talking.recordings_list()::text,
    '{"recordings":['
    || '{"id":3,"author":"Cem","title":"Three","created_at":"2026-01-01T00:00:00Z","duration_ms":30,"ups":9,"downs":1,"score":' || talking.wilson(9, 1) || ',"reply_count":0,"audio":null},'
    || '{"id":2,"author":"Ben","title":null,"created_at":"2026-01-02T00:00:00Z","duration_ms":null,"ups":0,"downs":3,"score":0,"reply_count":0,"audio":null},'
    || '{"id":6,"author":"Fay","title":"\"six\"","created_at":"2026-01-01T00:00:00Z","duration_ms":0,"ups":0,"downs":0,"score":0,"reply_count":0,"audio":null},'
    || '{"id":1,"author":"Ada","title":"One","created_at":"2026-01-01T00:00:00Z","duration_ms":10,"ups":0,"downs":0,"score":0,"reply_count":2,"audio":null}]}',
    'list: the exact fields, top level only, best first, then newest');
select is(json_array_length(talking.recordings_list(2)::json->'recordings'), 2, 'list: no more than the limit');
select is(json_array_length(talking.recordings_list(0)::json->'recordings'), 0, 'list: a limit of 0');
select is(array(select e->>'id' from json_array_elements(talking.recordings_list(2)::json->'recordings') e), '{3,2}', 'list: the best of all, not of the newest');
select throws_ok(format('select talking.recordings_list(%s)', n), 'PT400', null, format('list: a limit of %s is the caller''s fault', n))
from unnest(array[-1, 1001]) n;
select is(pg_typeof(talking.recordings_list())::text, 'crier.json_text', 'list: text that is vouched for');

insert into talking.recordings (author) select 'x' from generate_series(1, 60);
select is(json_array_length(talking.recordings_list()::json->'recordings'), 50, 'list: 50 unless asked for');
insert into talking.recordings (parent_id, author)
    select r.id, 'x' from talking.recordings r, generate_series(1, 20) n where r.parent_id is null and (r.id + n) % 3 = 0;
delete from talking.recordings where parent_id is not null and id % 4 = 0;
select set_eq(
    $$ select (e->>'id')::integer, (e->>'reply_count')::bigint from json_array_elements(talking.recordings_list(1000)::json->'recordings') e $$,
    $$ select r.id, (select count(*) - 1 from talking.recordings t where t.root_id = r.id) from talking.recordings r where r.parent_id is null $$,
    'list: reply_count counts all that is below');
select is_empty(
    $$ select e->>'id' from json_array_elements(talking.recordings_list(1000)::json->'recordings') e
       where e->>'reply_count' <> talking.recording_tree((e->>'id')::integer)::json->>'reply_count' $$,
    'list: and is what the thread''s own document says');

select * from finish();
rollback;
