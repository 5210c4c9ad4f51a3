create or replace function talking.recording_fixed()
    returns trigger language plpgsql volatile
    set search_path = pg_catalog, pg_temp
as $$
begin
    /* Refuses to change what is not for changing by hand. */
    raise exception using errcode = 'generated_always',
        message = 'id and root_id of a recording cannot be set',
        hint = 'Update parent_id: root_id of the whole subtree follows.';
end
$$;
comment on function talking.recording_fixed() is 'Trigger: refuses to change what is not for changing by hand.';
revoke all on function talking.recording_fixed() from public;

-- The depth is more than 0 when talking.recording_moved sets root_id.
create or replace trigger _100_recording_fixed
    before update of id, root_id on talking.recordings
    for each row when ((old.id, old.root_id) is distinct from (new.id, new.root_id) and pg_catalog.pg_trigger_depth() = 0)
    execute function talking.recording_fixed();
