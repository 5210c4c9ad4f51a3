create or replace function talking.audio_type_of(type text)
    returns text language plpgsql immutable parallel safe
    set search_path = pg_catalog, pg_temp
as $$
begin
    /* A Content-Type that is one of audio; refused otherwise, because what is sent here comes back
       to browsers as what it says that it is. */
    if type ~* '^audio/[a-z0-9.+-]+( *; *[a-z0-9-]+=("[a-z0-9., _-]*"|[a-z0-9._-]+))*$' and length(type) <= 100 then
        return type;
    end if;
    raise sqlstate 'PT415' using message = 'Only audio is stored here',
        detail = 'The Content-Type must be one of audio, such as audio/webm.';
end
$$;
comment on function talking.audio_type_of(text) is 'Private: a Content-Type that is one of audio; refused otherwise.';
revoke all on function talking.audio_type_of(text) from public;
