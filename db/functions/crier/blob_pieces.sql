create or replace function crier.blob_pieces(
        path text, function oid, type text, cache text, type_function oid, etag_function oid)
    returns jsonb language sql stable
    set search_path = pg_catalog, pg_temp
as $$
    /* What crier.blob_query puts together: the options, and how each function is called. */
    select crier.action_pieces(blob_pieces.function, path, '') || jsonb_build_object(
        'cache', cache,
        'type', case when type_function is null then to_jsonb(type)
                     else crier.action_pieces(type_function, path, '')
                         || jsonb_build_object('signature', crier.function_signature(type_function)) end,
        'etag', case when etag_function is not null then crier.action_pieces(etag_function, path, '')
                         || jsonb_build_object('signature', crier.function_signature(etag_function)) end);
$$;
comment on function crier.blob_pieces(text, oid, text, text, oid, oid) is
    'Private: how crier.blob_query calls a route''s functions.';
revoke all on function crier.blob_pieces(text, oid, text, text, oid, oid) from public;
