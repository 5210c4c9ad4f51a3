create or replace function crier.function_parameters(function oid, path text)
    returns jsonb language sql stable
    set search_path = pg_catalog, pg_temp
as $$
    /* The arguments of a function, in their order, as crier.routes stores them. */
    with arguments as (
        select a.n, a.type, p.proargnames[a.n] as argument,
            regexp_replace(p.proargnames[a.n], '^(_|p_)', '') as name,
            a.n <= p.pronargs - p.pronargdefaults as required
        from pg_proc p, unnest(p.proargtypes::oid[]) with ordinality as a(type, n)
        where p.oid = function_parameters.function)
    select coalesce(jsonb_agg(jsonb_build_object(
        'name', a.name, 'argument', a.argument, 'type', format_type(a.type, null),
        'required', a.required, 'in', case when t.parameter is null then 'query' else 'path' end)
        order by a.n), '[]')
    from arguments a
    left join crier.template_parts(function_parameters.path) t on t.parameter = a.name;
$$;
comment on function crier.function_parameters(oid, text) is
    'Private: the arguments of a function, as crier.routes stores them.';
revoke all on function crier.function_parameters(oid, text) from public;
