create or replace function crier.function_parameters(function oid, path text)
    returns jsonb language sql stable
    set search_path = pg_catalog, pg_temp
as $$
    /* The arguments of a function, in their order, as crier.routes stores them. */
    select coalesce(jsonb_agg(jsonb_build_object(
        'name', a.name, 'argument', a.argument, 'type', format_type(a.type, null),
        'required', a.n <= p.pronargs - p.pronargdefaults,
        'in', case when a.name in (select t.parameter from crier.template_parts(function_parameters.path) t)
                   then 'path' else 'query' end) order by a.n), '[]')
    from pg_proc p
    cross join lateral (
        select u.n, u.type, p.proargnames[u.n] as argument,
            regexp_replace(p.proargnames[u.n], '^(_|p_)', '') as name
        from unnest(p.proargtypes::oid[]) with ordinality as u(type, n)) as a
    where p.oid = function_parameters.function;
$$;
comment on function crier.function_parameters(oid, text) is 'Private: the arguments of a function, as crier.routes stores them.';
revoke all on function crier.function_parameters(oid, text) from public;
