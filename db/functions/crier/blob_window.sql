create or replace function crier.blob_window(
        route integer,
        arguments json,
        number integer,
        length integer,
        etag text,
        hash bytea)
    returns bytea language plpgsql volatile
    set search_path = pg_catalog, pg_temp
    set timezone = 'UTC'
    set datestyle = 'ISO, MDY'
    set intervalstyle = 'postgres'
    set bytea_output = 'hex'
    set extra_float_digits = 1
as $$
declare
    query record;
    bytes bytea;
    type text;
    version text;
    piece bytea;
begin
    /* A window of the blob that crier.blob_head told of; NULL when it is another by now. That is
       found out by the window's hash or, where there is none, by the whole's ETag. */
    query := crier.blob_query(route, arguments::jsonb);
    perform set_config('search_path', query.search_path, true); -- until the end of this function
    execute query.statement into strict bytes, type, version using arguments::jsonb;
    if octet_length(bytes) is distinct from blob_window.length then
        return null;
    end if;
    piece := crier.blob_slice(bytes, number);
    if hash is not null then
        return case when substr(sha256(piece), 1, 16) = hash then piece end;
    end if;
    return case when crier.blob_etag(length, coalesce(type, 'application/octet-stream'), version, null)
        = blob_window.etag then piece end;
end
$$;
comment on function crier.blob_window(integer, json, integer, integer, text, bytea) is
    'For the relay: a window of a blob, NULL when the blob is another by now.';
revoke all on function crier.blob_window(integer, json, integer, integer, text, bytea) from public;
