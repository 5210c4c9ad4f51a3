create or replace function crier.blob(
        path text,
        function text,
        type text default 'application/octet-stream',
        cache text default 'no-cache',
        etag text default null)
    returns integer language plpgsql volatile
as $$
declare
    blob_oid oid;
    type_oid oid;
    etag_oid oid;
begin
    /* Declares octets: the bytea that the function returns, by GET, with Range. Declaring a path
       again changes its route in place. Not pinned, so that unqualified names of functions mean
       what they mean to the caller. */
    blob_oid := crier.function_named(function);
    if type like '%(%' or type not like '%/%' then
        type_oid := crier.function_named(type);
    end if;
    if etag is not null then
        etag_oid := crier.function_named(etag);
    end if;
    perform crier.path_check('GET', path);
    perform crier.function_check(blob_oid);
    perform crier.blob_check(path, blob_oid, case when type_oid is null then type end, cache, type_oid, etag_oid);
    perform crier.kind_notice(path, 'blob');
    return crier.blob_store(path, blob_oid,
        crier.blob_pieces(path, blob_oid, case when type_oid is null then type end, cache, type_oid, etag_oid));
end
$$;
comment on function crier.blob(text, text, text, text, text) is
    'Declares octets: crier.blob(''/api/recordings/{id}/audio'', ''talking.audio(integer)'', type => ''talking.audio_type(integer)'') serves the bytea that the function returns, whole or in ranges; NULL is 404. Arguments come from path and query by name.
type is a media type, or a function of the same arguments (or some of them) that returns one. cache is the Cache-Control. The ETag is a hash of all octets, unless etag names a function of the same arguments whose text changes whenever the octets do (an id or a time stamp, say), which spares reading them all for every request. The relay reads windows of 128 KiB: store the column EXTERNAL, so that PostgreSQL can.';
revoke all on function crier.blob(text, text, text, text, text) from public;
