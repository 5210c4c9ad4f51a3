create or replace function crier.blob_again(route crier.routes, function oid)
    returns jsonb language plpgsql stable
    set search_path = pg_catalog, pg_temp
as $$
declare
    type constant jsonb := route.call->'type';
    type_function constant oid := crier.function_stored(type->>'signature');
    etag_function constant oid := crier.function_stored(route.call->'etag'->>'signature');
begin
    /* What a blob's declaration would be today; raises what is wrong with it by now. */
    perform crier.blob_check(route.path, function, case when jsonb_typeof(type) = 'string' then type #>> '{}' end,
        route.call->>'cache', type_function, etag_function);
    return crier.blob_pieces(route.path, function, case when jsonb_typeof(type) = 'string' then type #>> '{}' end,
        route.call->>'cache', type_function, etag_function);
end
$$;
comment on function crier.blob_again(crier.routes, oid) is
    'Private: what a blob''s declaration would be today.';
revoke all on function crier.blob_again(crier.routes, oid) from public;
