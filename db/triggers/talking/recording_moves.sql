create or replace function talking.recording_moves()
    returns trigger language plpgsql volatile
    set search_path = pg_catalog, pg_temp
as $$
begin
    /* Lets one transaction at a time move recordings, or two moves, each fine by itself, would make
       a cycle. Before the statement and not for each row, so that who waits holds no row. */
    perform pg_advisory_xact_lock(hashtextextended('talking.recording_moves', 0));
    return null;
end
$$;
comment on function talking.recording_moves() is 'Trigger: lets one transaction at a time move recordings.';
revoke all on function talking.recording_moves() from public;

create or replace trigger _100_recording_moves
    before update of parent_id on talking.recordings
    for each statement execute function talking.recording_moves();
