create or replace function crier.privileges_missing(route crier.routes, role name)
    returns text language sql stable
    set search_path = pg_catalog, pg_temp
as $$
    /* The statements that grant a role what it lacks to call a route's functions; NULL when it
       lacks nothing. */
    with functions as (
        select p.oid, n.oid as schema, n.nspname
        from pg_proc p join pg_namespace n on n.oid = p.pronamespace
        where p.oid in (crier.function_stored(route.function), crier.function_stored(route.topic),
            crier.function_stored(route.call->'type'->>'signature'),
            crier.function_stored(route.call->'etag'->>'signature'))),
    missing as (
        select format('select crier.grant_relay(%L);', role) as statement
        where not (has_schema_privilege(role, 'crier', 'usage')
            and not exists (
                select from unnest(crier.relay_functions()) as f(oid)
                where not has_function_privilege(role, f.oid, 'execute'))
            and has_table_privilege(role, 'crier.routes', 'select'))
        union
        select format('grant usage on schema %I to %I;', f.nspname, role)
        from functions f where not has_schema_privilege(role, f.schema, 'usage')
        union
        select format('grant execute on function %s to %I;', crier.function_signature(f.oid), role)
        from functions f where not has_function_privilege(role, f.oid, 'execute'))
    select string_agg(m.statement, ' ' order by m.statement) from missing m;
$$;
comment on function crier.privileges_missing(crier.routes, name) is
    'Private: the statements that grant a role what it lacks to call a route''s functions.';
revoke all on function crier.privileges_missing(crier.routes, name) from public;
