create or replace function talking.audio_version(_id integer)
    returns text language sql stable parallel safe security definer
    set search_path = pg_catalog, pg_temp
as $$
    /* What changes whenever the sound of a recording does. */
    select a.version from talking.audio a where a.recording_id = _id;
$$;
comment on function talking.audio_version(integer) is 'The ETag of a recording''s sound.';
