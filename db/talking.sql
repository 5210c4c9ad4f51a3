/* Installs Talking, a forum of voice messages, or brings it up to date:
   psql "$DATABASE_URL" -f db/talking.sql, after db/install.sql. One transaction, safe to repeat.
   It makes the schema talking, and declares to crier what is served and what changes it. */

\set ON_ERROR_STOP on
begin;
set local client_min_messages = 'warning';

do $$
begin
    perform crier.lock_tables('talking.recordings', 'talking.votes', 'talking.audio', 'talking.thread_sizes');
end
$$;
\ir schema/talking/schema.sql
\ir functions/talking/wilson.sql
\ir functions/talking/recording_head.sql
\ir schema/talking/recordings.sql
\ir schema/talking/thread_sizes.sql
\ir schema/talking/votes.sql
\ir schema/talking/audio.sql

\ir functions/talking/thread_sizes_fold.sql
\ir functions/talking/truncate_check.sql
\ir functions/talking/depth_first.sql
\ir functions/talking/thread_of.sql
\ir functions/talking/recording_tree.sql
\ir functions/talking/recordings_list.sql
\ir functions/talking/name_of.sql
\ir functions/talking/audio_type_of.sql
\ir functions/talking/create_recording.sql
\ir functions/talking/audio.sql
\ir functions/talking/audio_type.sql
\ir functions/talking/audio_version.sql
\ir functions/talking/waveforms.sql
\ir functions/talking/vote.sql
\ir functions/talking/presence.sql

\ir triggers/talking/recording_rooted.sql
\ir triggers/talking/recording_fixed.sql
\ir triggers/talking/recording_moves.sql
\ir triggers/talking/recording_moved.sql
\ir triggers/talking/recordings_counted.sql
\ir triggers/talking/votes_counted.sql
\ir triggers/talking/audio_noted.sql

do $$
begin
    perform crier.live('/api/recordings', 'talking.recordings_list(integer)');
    perform crier.live('/api/recordings/{id}', 'talking.recording_tree(integer)',
        topic => 'talking.thread_of(integer)', inline => true);
    perform crier.live('/api/waveforms', 'talking.waveforms(integer[])');
    perform crier.blob('/api/recordings/{id}/audio', 'talking.audio(integer)', type => 'talking.audio_type(integer)',
        cache => 'public, max-age=31536000, immutable', etag => 'talking.audio_version(integer)');
    perform crier.action('POST', '/api/recordings', 'talking.create_recording(bytea,text,text,integer,integer,text,uuid)');
    perform crier.action('POST', '/api/recordings/{id}/votes', 'talking.vote(integer,uuid,integer)');
    perform crier.action('POST', '/api/recordings/{id}/presence', 'talking.presence(integer,text,text,text)');
    perform crier.watch('talking.recordings', '/api/recordings');
    perform crier.watch('talking.recordings', 'thread/{root_id}');
    perform crier.watch('talking.audio', '/api/waveforms');
end
$$;
commit;
