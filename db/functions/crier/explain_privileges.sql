create or replace function crier.explain_privileges(route crier.routes, arguments json)
    returns setof crier.finding language plpgsql volatile
    set search_path = pg_catalog, pg_temp
as $$
declare
    role name;
    missing text;
    filtered text;
    result record;
begin
    /* Whether each relay's role may call a route's functions; where the caller may become that role
       and arguments are given, by trying. */
    for role in select * from crier.relay_roles() loop
        missing := crier.privileges_missing(route, role);
        if missing is not null then
            return next crier.found('privilege', false,
                format('the relay''s role %I may not call the function', role), missing);
            continue;
        end if;
        if arguments is not null and pg_has_role(role, 'member') then
            select * into result from crier.try_read(route.id, arguments, role);
            if result.state = '42501' then
                return next crier.found('privilege', false,
                    format('as the relay''s role %I: %s', role, result.message),
                    format('Grant %I what the function needs, or make the function SECURITY DEFINER.', role));
                continue;
            end if;
            filtered := crier.row_security(route.id, arguments, role, result.document);
            if filtered is not null then
                return next crier.found('privilege', false,
                    format('the relay''s role %I reads another document than %I: %s', role, current_role, filtered),
                    format('If that is not meant, give %I a policy, or make the function SECURITY DEFINER.', role));
                continue;
            end if;
        end if;
        return next crier.found('privilege', true,
            format('the relay''s role %I may call the function', role), null);
    end loop;
end
$$;
comment on function crier.explain_privileges(crier.routes, json) is
    'Private: whether each relay''s role may call a route''s functions.';
revoke all on function crier.explain_privileges(crier.routes, json) from public;
