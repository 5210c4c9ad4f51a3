create or replace function talking.audio_type(_id integer)
    returns text language sql stable parallel safe security definer
    set search_path = pg_catalog, pg_temp
as $$
    /* The media type of a recording's sound. */
    select a.type from talking.audio a where a.recording_id = _id;
$$;
comment on function talking.audio_type(integer) is 'The media type of a recording''s sound.';
