create or replace function crier.function_named(reference text)
    returns oid language plpgsql stable
as $$
declare
    hint constant text := 'Write the function as psql''s \df shows it: schema.name(type, type).'
        || case when reference operator(pg_catalog.~~) '%/%'
                then ' A topic is what such a function returns, not a template.' else '' end;
    last text;
    function oid;
    others text;
begin
    /* The function that a declaration means, looked up in the caller's search_path, hence not
       pinned. Without an argument list the name must be unique. */
    begin
        last := crier.last_name(reference);
        function := case when reference like '%(%' then pg_catalog.to_regprocedure(reference)
                         else pg_catalog.to_regproc(reference) end;
    exception when others then
        perform crier.fail('CR010', pg_catalog.format('cannot read the function %L', reference),
            sqlerrm, hint);
    end;
    if function is not null then
        return function;
    end if;
    select pg_catalog.string_agg(crier.function_signature(p.oid), ', ' order by p.oid) into others
    from pg_catalog.pg_proc p
    where p.proname operator(pg_catalog.=) last;
    if reference not like '%(%' and others like '%, %' then
        perform crier.fail('CR012', pg_catalog.format('the function %s is ambiguous', reference),
            pg_catalog.format('There are %s.', others), hint);
    end if;
    perform crier.fail('CR011', pg_catalog.format('there is no function %s', reference),
        coalesce('There are: ' || others, 'No function has this name.'),
        'Create the function first, or correct its name or argument types; \df lists functions.');
end
$$;
comment on function crier.function_named(text) is
    'Private: the oid of the function that a declaration names.';
revoke all on function crier.function_named(text) from public;
