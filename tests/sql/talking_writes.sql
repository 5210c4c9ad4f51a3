/* What the actions and the blob of Talking do, and refuse. */
begin;
set local client_min_messages = 'warning';
select no_plan();

truncate talking.recordings cascade;
insert into talking.recordings (id, parent_id, author) values (1, null, 'a'), (2, 1, 'b');
create function pg_temp.type_is(type text) returns void language sql as $$
    select set_config('crier.headers', json_build_object('content-type', type)::text, true) $$;
create function pg_temp.refused(call text, state text, what text) returns text language sql as $$
    select throws_ok('select talking.' || call, state, null, what) $$;

-- Recordings.
select pg_temp.type_is('audio/webm;codecs=opus');
create temp table answer as select (r).* from (select talking.create_recording('\x1a45', '  Ada ' || E'\n' || 'L. ', ' Hello ', 2, 1500, 'ABCDEFGH') r) r;
select is((status, body::jsonb, headers->>'location')::text,
    (201, jsonb_build_object('id', r.id), '/api/recordings/' || r.id)::text, '201, and where it is')
from answer, (select max(id) as id from talking.recordings) r;
select results_eq($$ select parent_id, root_id, author, title, duration_ms, has_audio from talking.recordings order by id desc limit 1 $$,
    $$ values (2, 1, 'Ada L.', 'Hello', 1500, true) $$, 'a recording below its parent, its texts tidied up');
select results_eq($$ select type, bytes, peaks, length(version) from talking.audio $$,
    $$ values ('audio/webm;codecs=opus', '\x1a45'::bytea, 'ABCDEFGH', 64) $$, 'and its sound');
select is(talking.audio(r.id), '\x1a45', 'the blob') from (select max(id) as id from talking.recordings) r;
select is(talking.audio_type(r.id), 'audio/webm;codecs=opus', 'its type') from (select max(id) as id from talking.recordings) r;
select is(talking.audio(1), null, 'no sound is NULL');
select is(talking.waveforms(array[1, 2, r.id]), jsonb_build_object('waveforms', jsonb_build_object(r.id, 'ABCDEFGH')), 'waveforms of those that have one')
from (select max(id) as id from talking.recordings) r;
select is(talking.waveforms('{}'), '{"waveforms":{}}', 'or of none');
select lives_ok($$ select talking.create_recording('\x00', 'Ada') $$, 'only sound and author are needed');
select is((select parent_id from talking.recordings order by id desc limit 1), null, 'without a parent it begins a thread');
select isnt(a.version, b.version, 'other bytes have another version')
from (select version from talking.audio order by recording_id limit 1) a, (select version from talking.audio order by recording_id desc limit 1) b;

create temp table twice as select (r).body::jsonb from (
    select talking.create_recording('\x01', 'Ada', _draft => md5('d')::uuid) r union all
    select talking.create_recording('\x02', 'Ada', 'other', _draft => md5('d')::uuid)) r;
select is(count(distinct body), 1::bigint, 'a draft that is sent again is no second recording') from twice;
select is(count(*), 1::bigint, 'and is stored as it was first') from talking.audio where draft = md5('d')::uuid and bytes = '\x01';

create temp table before_ as select count(*) from talking.recordings;
select pg_temp.refused($$create_recording('\x00', '')$$, 'PT422', 'an author without a name');
select pg_temp.refused($$create_recording('\x00', E' \t ')$$, 'PT422', 'or of spaces');
select pg_temp.refused($$create_recording('\x00', null)$$, 'PT422', 'or null');
select pg_temp.refused($$create_recording('\x00', repeat('ö', 81))$$, 'PT422', 'or with a long one');
select lives_ok($$ select talking.create_recording('\x00', repeat('ö', 80), repeat('😀', 200), 1, 0, repeat('_', 240)) $$, '80 and 200 characters are not too many');
select pg_temp.refused($$create_recording('\x00', 'a', repeat('x', 201))$$, 'PT422', 'a long title');
select pg_temp.refused($$create_recording('', 'a')$$, 'PT422', 'no sound');
select pg_temp.refused($$create_recording('\x00', 'a', null, 99)$$, 'PT422', 'a parent that is not there');
select pg_temp.refused($$create_recording('\x00', 'a', null, null, -1)$$, 'PT422', 'a time below nothing');
select pg_temp.refused($$create_recording('\x00', 'a', null, null, null, 'ABC')$$, 'PT422', 'few peaks');
select pg_temp.refused($$create_recording('\x00', 'a', null, null, null, 'ABCDEFG<')$$, 'PT422', 'peaks that are none');
select pg_temp.refused($$create_recording(convert_to(repeat('x', 16777217), 'UTF8'), 'a')$$, 'PT413', 'more than 16 MiB');
select throws_ok($$ insert into talking.audio values (1, 'audio/webm', convert_to(repeat('x', 16777217), 'UTF8')) $$, '23514', null, 'from psql neither');
select is(count(*), (select count + 1 from before_), 'what is refused leaves nothing') from talking.recordings;

-- Types.
select is_empty($$ select t from unnest(array['audio/webm', 'audio/webm;codecs=opus', 'AUDIO/OGG; codecs="opus"', 'audio/mp4;codecs="mp4a.40.2"', 'audio/x-wav', 'audio/L16;rate=44100;channels=2']) t
    where talking.audio_type_of(t) <> t $$, 'types of audio');
select throws_ok(format('select talking.audio_type_of(%L)', t), 'PT415', null, format('%L is no type of audio', t))
from unnest(array[null, '', 'audio', 'audio/', 'text/html', 'video/webm', 'application/ogg', 'application/octet-stream', 'xaudio/webm', E'audio/webm\nx: y', 'audio/webm;x=<b>', 'audio/' || repeat('x', 100)]) t;
select pg_temp.type_is('image/png');
select pg_temp.refused($$create_recording('\x00', 'a')$$, 'PT415', 'a picture');

-- Votes.
create function pg_temp.counts() returns text language sql as $$ select ups || '/' || downs from talking.recordings where id = 2 $$;
select talking.vote(2, md5('1')::uuid, 1), talking.vote(2, md5('2')::uuid, -1);
select is(pg_temp.counts(), '1/1', 'votes are counted');
select talking.vote(2, md5('2')::uuid, 1);
select is(pg_temp.counts(), '2/0', 'another vote of one voter replaces the first');
select talking.vote(2, md5('2')::uuid, 1);
select is(pg_temp.counts(), '2/0', 'the same again changes nothing');
select talking.vote(2, md5('1')::uuid, 0), talking.vote(2, md5('3')::uuid, 0);
select is(pg_temp.counts(), '1/0', '0 takes a vote back, or nothing');
select is(count(*), 1::bigint, 'and leaves no row') from talking.votes where recording_id = 2;
select pg_temp.refused($$vote(99, md5('1')::uuid, 1)$$, 'PT404', 'a vote on what is not there');
select pg_temp.refused($$vote(2, md5('1')::uuid, 2)$$, 'PT422', 'a vote that counts double');
select pg_temp.refused($$vote(2, md5('1')::uuid, null)$$, 'PT422', 'one without a direction');
select pg_temp.refused($$vote(2, null, 1)$$, 'PT422', 'one without a voter');

-- Presence.
select lives_ok($$ select talking.presence(2, 'Ben', 'recording') $$, 'presence is announced');
select lives_ok($$ select talking.presence(2, repeat('😀', 80), 'idle', repeat('x', 64)) $$, 'with a session, too');
select pg_temp.refused($$presence(99, 'Ben', 'recording')$$, 'PT404', 'where nothing is');
select pg_temp.refused($$presence(2, 'Ben', 'asleep')$$, 'PT422', 'a state that is none');
select pg_temp.refused($$presence(2, 'Ben', null)$$, 'PT422', 'or null');
select pg_temp.refused($$presence(2, ' ', 'idle')$$, 'PT422', 'nobody');
select pg_temp.refused($$presence(2, 'Ben', 'idle', repeat('x', 65))$$, 'PT422', 'a long session');

select * from finish();
rollback;
