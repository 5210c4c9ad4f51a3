/* talking.audio: recordings know whether their sound is there, and documents say where. */
begin;
set local client_min_messages = 'warning';
select no_plan();

truncate talking.recordings cascade;
insert into talking.recordings (id, parent_id, author) values (1, null, 'a'), (2, 1, 'b'), (3, 1, 'c');
create function pg_temp.audible() returns integer[] language sql as $$
    select coalesce(array_agg(id order by id), '{}') from talking.recordings where has_audio $$;

insert into talking.audio values (1, 'audio/webm', '\x00'), (2, 'audio/ogg', '\x01');
select is(pg_temp.audible(), '{1,2}', 'inserted');
update talking.audio set bytes = '\x02', type = 'audio/mp4';
select is(pg_temp.audible(), '{1,2}', 'other bytes');
update talking.audio set recording_id = 3 where recording_id = 1;
select is(pg_temp.audible(), '{2,3}', 'given to another recording');
delete from talking.audio where recording_id = 2;
select is(pg_temp.audible(), '{3}', 'deleted');
select is((talking.recording_tree(1)::json #>> '{replies,0,audio}'), '/api/recordings/3/audio', 'a reply''s document says where its sound is');
select is((talking.recording_tree(1)::json ->> 'audio'), null, 'and null where there is none');
insert into talking.audio values (1, 'audio/webm', '\x00');
select is((talking.recordings_list()::json #>> '{recordings,0,audio}'), '/api/recordings/1/audio', 'the list says it, too');
truncate talking.audio;
select is(pg_temp.audible(), '{}', 'truncated');
insert into talking.audio values (2, 'audio/webm', '\x00');
delete from talking.recordings where id = 2;
select is_empty('select from talking.audio', 'a recording takes its sound along');

select * from finish();
rollback;
