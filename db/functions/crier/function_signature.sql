create or replace function crier.function_signature(function oid)
    returns text language sql stable
    set search_path = pg_catalog, pg_temp
as $$
    /* schema.name(type,type), every name outside pg_catalog with its schema. */
    select format('%s(%s)', crier.function_name(p.oid), (
        select string_agg(format_type(a.type, null), ',' order by a.n)
        from unnest(p.proargtypes::oid[]) with ordinality as a(type, n)))
    from pg_proc p
    where p.oid = function_signature.function;
$$;
comment on function crier.function_signature(oid) is
    'Private: a function as crier.routes stores it.';
revoke all on function crier.function_signature(oid) from public;
