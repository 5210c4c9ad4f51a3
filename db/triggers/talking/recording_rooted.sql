create or replace function talking.recording_rooted()
    returns trigger language plpgsql volatile security definer
    set search_path = pg_catalog, pg_temp
as $$
begin
    /* Gives a new recording the root of its parent. The parent's row is locked as its foreign key
       locks it anyway: who moves the parent waits for us and takes us along, or we wait for it and
       see where it went. Rows of the same statement come in their order, parents first. */
    if new.parent_id is null then
        new.root_id := new.id;
        return new;
    end if;
    select r.root_id into new.root_id from talking.recordings r where r.id = new.parent_id for key share;
    if not found then
        raise foreign_key_violation using
            message = format('there is no recording %s to reply to', new.parent_id),
            schema = 'talking', table = 'recordings', constraint = 'recordings_parent_id_fkey';
    end if;
    return new;
end
$$;
comment on function talking.recording_rooted() is 'Trigger: gives a new recording the root of its parent.';
revoke all on function talking.recording_rooted() from public;

create or replace trigger _100_recording_rooted
    before insert on talking.recordings
    for each row execute function talking.recording_rooted();
