create or replace function talking.name_of(name text)
    returns text language plpgsql immutable parallel safe
    set search_path = pg_catalog, pg_temp
as $$
declare
    trimmed constant text := btrim(regexp_replace(name, '[[:space:]]+', ' ', 'g'));
begin
    /* A name that somebody gave, tidied up; refused if it is none. */
    if coalesce(trimmed, '') = '' then
        raise sqlstate 'PT422' using message = 'Say who you are: the name is empty';
    elsif length(trimmed) > 80 then
        raise sqlstate 'PT422' using message = 'A name has at most 80 characters',
            detail = format('This one has %s.', length(trimmed));
    end if;
    return trimmed;
end
$$;
comment on function talking.name_of(text) is 'Private: a name that somebody gave, tidied up; refused if it is empty or too long.';
revoke all on function talking.name_of(text) from public;
