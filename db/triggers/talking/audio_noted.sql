create or replace function talking.audio_noted()
    returns trigger language plpgsql volatile security definer
    set search_path = pg_catalog, pg_temp
as $$
begin
    /* Keeps has_audio of the recordings. Whatever it was: above READ COMMITTED it may be another by now
       than we see, and to skip the update would leave it wrong, where to do it fails. */
    if tg_op = 'TRUNCATE' then
        perform talking.truncate_check();
        update talking.recordings r set has_audio = false where r.has_audio;
    else
        if tg_op <> 'INSERT' then
            update talking.recordings r set has_audio = false where r.id = old.recording_id;
        end if;
        if tg_op <> 'DELETE' then
            update talking.recordings r set has_audio = true where r.id = new.recording_id;
        end if;
    end if;
    return null;
end
$$;
comment on function talking.audio_noted() is 'Trigger: keeps has_audio of the recordings.';
revoke all on function talking.audio_noted() from public;

create or replace trigger _500_audio_noted
    after insert or delete or update of recording_id on talking.audio
    for each row execute function talking.audio_noted();
create or replace trigger _500_audio_truncated
    after truncate on talking.audio
    for each statement execute function talking.audio_noted();
