create or replace function crier.call_pieces(function oid, topic oid)
    returns jsonb language sql stable
    set search_path = pg_catalog, pg_temp
as $$
    /* What crier.read and crier.resolve put together, quoted already: the search_path, the names of
       the functions, and for each argument its value ($1 is the JSON of all) and how either
       function calls it. */
    select jsonb_build_object(
        'search_path', format('%I, public, pg_temp', n.nspname),
        'document', format('%I.%I', n.nspname, p.proname),
        'topic', (select format('%I.%I', tn.nspname, t.proname)
                  from pg_proc t join pg_namespace tn on tn.oid = t.pronamespace where t.oid = call_pieces.topic),
        'arguments', (
            select coalesce(jsonb_agg(jsonb_build_object(
                'name', d->>'name',
                'required', d->'required',
                'array', d->>'type' like '%[]',
                'value', format(case when d->>'type' like '%[]' then 'crier.items($1->%L)::%s' else '($1->>%L)::%s' end,
                                d->>'name', d->>'type'),
                'document', quote_ident(d->>'argument'),
                'topic', (select quote_ident(t->>'argument')
                          from jsonb_array_elements(crier.function_parameters(call_pieces.topic, '/x')) t
                          where t->>'name' = d->>'name')) order by o.n), '[]')
            from jsonb_array_elements(crier.function_parameters(call_pieces.function, '/x')) with ordinality as o(d, n)))
    from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where p.oid = call_pieces.function;
$$;
comment on function crier.call_pieces(oid, oid) is 'Private: how crier.read calls a route''s functions.';
revoke all on function crier.call_pieces(oid, oid) from public;
