create or replace function crier.action_parameters(function oid, path text, body text)
    returns jsonb language sql stable
    set search_path = pg_catalog, pg_temp
as $$
    /* The arguments of a write, as crier.routes stores them: in is path, body (it gets the whole
       body), query (when another gets that), or any (query or body, by name). */
    with whole(name) as (select crier.body_argument(action_parameters.function, path, body))
    select coalesce(jsonb_agg(case
            when a->>'in' = 'path' then a
            when a->>'name' = whole.name then a || '{"in": "body"}'
            when whole.name is null then a || '{"in": "any"}'
            else a end order by o.n), '[]')
    from whole, jsonb_array_elements(
        crier.function_parameters(action_parameters.function, path)) with ordinality as o(a, n);
$$;
comment on function crier.action_parameters(oid, text, text) is
    'Private: the arguments of a write, as crier.routes stores them.';
revoke all on function crier.action_parameters(oid, text, text) from public;
