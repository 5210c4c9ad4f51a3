create or replace function crier.blob_head(
        route integer,
        arguments json,
        number integer,
        out length integer,
        out type text,
        out cache text,
        out etag text,
        out hashes bytea,
        out piece bytea)
    returns record language plpgsql volatile
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
    version text;
begin
    /* What the relay says of a blob before it sends it: length, media type, Cache-Control and ETag;
       the hash of each window, unless the route has a function for the ETag; and the window of that
       number, unless NULL is asked for. */
    query := crier.blob_query(route, arguments::jsonb);
    cache := query.cache;
    perform set_config('search_path', query.search_path, true); -- until the end of this function
    execute query.statement into strict bytes, type, version using arguments::jsonb;
    if bytes is null then
        raise exception using errcode = 'PT404', message = 'Not found';
    end if;
    type := coalesce(type, 'application/octet-stream');
    if not crier.is_media_type(type) then
        raise exception using errcode = 'CR084', message = format('%L is no media type', left(type, 100)),
            hint = 'Let the type''s function return one, such as audio/webm.';
    end if;
    length := octet_length(bytes);
    if version is null then
        select string_agg(substr(sha256(crier.blob_slice(bytes, n)), 1, 16), '' order by n) into hashes
        from generate_series(0, (length - 1) / 131072) as n;
    end if;
    etag := crier.blob_etag(length, type, version, hashes);
    piece := crier.blob_slice(bytes, number);
end
$$;
comment on function crier.blob_head(integer, json, integer) is
    'For the relay: what there is to say of a blob, and one of its windows.';
revoke all on function crier.blob_head(integer, json, integer) from public;
