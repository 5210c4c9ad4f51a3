create or replace function crier.explain_call(route crier.routes, arguments json)
    returns setof crier.finding language plpgsql volatile
    set search_path = pg_catalog, pg_temp
as $$
begin
    /* What there is to say of a write or of octets beyond the function itself. Octets are asked for,
       if there are arguments; a write is not done for the sake of a question. */
    if route.kind = 'blob' and arguments is not null and crier.function_stored(route.function) is not null then
        return next crier.explain_blob(route, arguments);
    elsif route.kind = 'action' then
        return next crier.found('arguments', true, coalesce((
            select string_agg(concat(p->>'name', ' ', p->>'type',
                case p->>'in' when 'path' then ' from the path' when 'query' then ' from the query'
                    when 'body' then ' is the whole body' else ' from query or body' end,
                case when p->'required' = 'false' then ', optional' end), '; ' order by n)
            from jsonb_array_elements(route.parameters) with ordinality as o(p, n)), 'none'), null);
    end if;
    return query select * from crier.explain_privileges(route, null);
end
$$;
comment on function crier.explain_call(crier.routes, json) is
    'Private: what there is to say of a write or of octets beyond the function itself.';
revoke all on function crier.explain_call(crier.routes, json) from public;
