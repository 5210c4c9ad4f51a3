create or replace function crier.blob_etag(length integer, type text, version text, hashes bytea)
    returns text language sql immutable parallel safe
    set search_path = pg_catalog, pg_temp
as $$
    /* 24 of [A-Za-z0-9_-] that change with the octets (told by a version, or by the hashes of their
       windows) and with the media type. */
    select translate(encode(substr(sha256(
        convert_to(concat_ws(' ', length, type, version), 'UTF8') || coalesce(hashes, '')), 1, 18), 'base64'),
        '+/', '-_');
$$;
comment on function crier.blob_etag(integer, text, text, bytea) is 'Private: the ETag of a blob.';
revoke all on function crier.blob_etag(integer, text, text, bytea) from public;
