create or replace function talking.audio(_id integer)
    returns bytea language sql stable parallel safe security definer
    set search_path = pg_catalog, pg_temp
as $$
    /* The sound of a recording; NULL if there is none. */
    select a.bytes from talking.audio a where a.recording_id = _id;
$$;
comment on function talking.audio(integer) is 'GET /api/recordings/{id}/audio: the sound of a recording; NULL if there is none.';
