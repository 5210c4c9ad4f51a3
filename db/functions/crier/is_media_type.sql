create or replace function crier.is_media_type(type text)
    returns boolean language sql immutable parallel safe
    set search_path = pg_catalog, pg_temp
as $$
    /* Whether a text may stand in Content-Type (RFC 9110, 8.3.1; its parameters are not looked at). */
    select octet_length(type) <= 200
        and type ~ '^[A-Za-z0-9!#$&^_.+-]+/[A-Za-z0-9!#$&^_.+-]+([ ]*;[ -~]*)?$';
$$;
comment on function crier.is_media_type(text) is 'Private: whether a text may stand in Content-Type.';
revoke all on function crier.is_media_type(text) from public;
