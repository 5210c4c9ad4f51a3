create or replace function crier.explain_function(route crier.routes)
    returns setof crier.finding language plpgsql stable
    set search_path = pg_catalog, pg_temp
as $$
declare
    again constant text := 'Create the function as it was declared, or declare the route again '
        'with crier.' || route.kind || ', or end it with crier.unroute.';
    gone constant text := crier.function_gone(route);
    hint text;
begin
    /* Whether a route's functions are still what was declared. */
    if gone is not null then
        return next crier.found('function', false, format('%s is gone', gone)
            || coalesce('; there is ' || (
                select string_agg(crier.function_signature(p.oid), ', ' order by p.oid)
                from pg_proc p where p.proname = crier.last_name(gone)), ''), again);
        return;
    end if;
    if crier.route_again(route) <> route.call then
        return next crier.found('function', false,
            format('%s has other arguments than when it was declared', route.function), again);
    else
        return next crier.found('function', true,
            concat_ws(', topic from ', route.function, route.topic), null);
    end if;
exception when others then
    if sqlstate not like 'CR%' then
        raise;
    end if;
    get stacked diagnostics hint = pg_exception_hint;
    return next crier.found('function', false, sqlerrm, hint);
end
$$;
comment on function crier.explain_function(crier.routes) is
    'Private: whether a route''s functions are still what was declared.';
revoke all on function crier.explain_function(crier.routes) from public;
