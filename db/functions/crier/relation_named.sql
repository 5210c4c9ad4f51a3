create or replace function crier.relation_named(reference text)
    returns oid language plpgsql stable
as $$
declare
    hint constant text := 'Write the table as schema.table.';
    found_oid oid;
begin
    /* The relation that a declaration means, looked up in the caller's search_path, hence not
       pinned. */
    begin
        found_oid := pg_catalog.to_regclass(reference);
    exception when others then
        perform crier.fail('CR050', pg_catalog.format('cannot read the table %L', reference),
            sqlerrm, hint);
    end;
    if found_oid is null then
        perform crier.fail('CR051', pg_catalog.format('there is no table %s', reference),
            'No relation has this name, or its schema is not in the search_path.', hint);
    end if;
    return found_oid;
end
$$;
comment on function crier.relation_named(text) is 'Private: the oid of the table that a declaration names.';
revoke all on function crier.relation_named(text) from public;
