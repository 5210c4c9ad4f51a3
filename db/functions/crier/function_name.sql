create or replace function crier.function_name(function oid)
    returns text language sql stable
    set search_path = pg_catalog, pg_temp
as $$
    /* schema.name, quoted where needed. */
    select format('%I.%I', n.nspname, p.proname)
    from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where p.oid = function_name.function;
$$;
comment on function crier.function_name(oid) is 'Private: the qualified name of a function.';
revoke all on function crier.function_name(oid) from public;
