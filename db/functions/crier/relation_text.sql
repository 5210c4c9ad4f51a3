create or replace function crier.relation_text(reference text)
    returns text language plpgsql stable
as $$
begin
    /* A table's name as crier.watches has it, NULL when there is none. Looks it up in the caller's
       search_path, hence not pinned. */
    return (
        select pg_catalog.format('%I.%I', n.nspname, c.relname)
        from pg_catalog.pg_class c
        join pg_catalog.pg_namespace n on n.oid operator(pg_catalog.=) c.relnamespace
        where c.oid operator(pg_catalog.=) pg_catalog.to_regclass(reference));
exception when invalid_name then
    return null;
end
$$;
comment on function crier.relation_text(text) is 'Private: a table''s name as crier.watches has it.';
revoke all on function crier.relation_text(text) from public;
