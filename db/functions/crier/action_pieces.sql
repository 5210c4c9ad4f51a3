create or replace function crier.action_pieces(function oid, path text, body text)
    returns jsonb language sql stable
    set search_path = pg_catalog, pg_temp
as $$
    /* What crier.act puts together, quoted already: the search_path, the function, what it returns,
       and for each argument where it comes from, how crier.argument reads it, and its type. */
    select jsonb_build_object(
        'search_path', format('%I, public, pg_temp', n.nspname),
        'function', crier.function_name(p.oid),
        'result', case p.prorettype when 'void'::regtype then 'void'
                                    when 'crier.response'::regtype then 'response' else 'json' end,
        'body', action_pieces.body,
        'arguments', (
            select coalesce(jsonb_agg(jsonb_build_object(
                'name', a->>'name', 'in', a->>'in', 'required', a->'required', 'type', a->>'type',
                -- A domain that refuses NULL cannot be the type of a NULL that only names a type.
                'model', case when y.typnotnull then format_type(y.typbasetype, null) else a->>'type' end,
                'argument', quote_ident(a->>'argument'),
                'reads', crier.argument_kind(t.type)) order by o.n), '[]')
            from jsonb_array_elements(crier.action_parameters(p.oid, path, action_pieces.body))
                with ordinality as o(a, n)
            join unnest(p.proargtypes::oid[]) with ordinality as t(type, n) using (n)
            join pg_type y on y.oid = t.type))
    from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where p.oid = action_pieces.function;
$$;
comment on function crier.action_pieces(oid, text, text) is 'Private: how crier.act calls a route''s function.';
revoke all on function crier.action_pieces(oid, text, text) from public;
