create or replace function talking.thread_of(_id integer)
    returns text language sql stable parallel safe security definer
    set search_path = pg_catalog, pg_temp
as $$
    /* The topic of a recording's document: everything in its thread changes it. */
    select 'thread/' || r.root_id from talking.recordings r where r.id = _id;
$$;
comment on function talking.thread_of(integer) is 'The topic of a recording''s document: its thread.';
