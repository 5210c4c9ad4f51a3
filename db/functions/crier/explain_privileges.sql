create or replace function crier.explain_privileges(route crier.routes, arguments json)
    returns setof crier.finding language plpgsql volatile
    set search_path = pg_catalog, pg_temp
as $$
declare
    role name;
    missing text[];
    result record;
begin
    /* Whether each relay's role may call a route's functions; where the caller may become that role
       and arguments are given, by trying. */
    for role in select * from crier.relay_roles() loop
        select array_agg(distinct g.grant_ order by g.grant_) into missing
        from (
            select format('select crier.grant_relay(%L);', role) as grant_
            where not (has_schema_privilege(role, 'crier', 'usage')
                and has_function_privilege(role, 'crier.read(integer, json)', 'execute')
                and has_table_privilege(role, 'crier.routes', 'select'))
            union all
            select format('grant usage on schema %I to %I;', n.nspname, role)
            from pg_proc p join pg_namespace n on n.oid = p.pronamespace
            where p.oid in (crier.function_stored(route.function), crier.function_stored(route.topic))
              and not has_schema_privilege(role, n.oid, 'usage')
            union all
            select format('grant execute on function %s to %I;', crier.function_signature(p.oid), role)
            from pg_proc p
            where p.oid in (crier.function_stored(route.function), crier.function_stored(route.topic))
              and not has_function_privilege(role, p.oid, 'execute')) g;
        if missing is not null then
            return next crier.found('privilege', false, format('the relay''s role %I may not call the function', role), array_to_string(missing, ' '));
            continue;
        end if;
        if arguments is not null and pg_has_role(role, 'member') then
            select * into result from crier.try_read(route.id, arguments, role);
            if result.state = '42501' then
                return next crier.found('privilege', false, format('as the relay''s role %I: %s', role, result.message),
                    format('Grant %I what the function needs, or make the function SECURITY DEFINER.', role));
                continue;
            end if;
        end if;
        return next crier.found('privilege', true, format('the relay''s role %I may call the function', role), null);
    end loop;
end
$$;
comment on function crier.explain_privileges(crier.routes, json) is 'Private: whether each relay''s role may call a route''s functions.';
revoke all on function crier.explain_privileges(crier.routes, json) from public;
