create or replace function crier.call_pieces(function oid, topic oid)
    returns jsonb language sql stable
    set search_path = pg_catalog, pg_temp
as $$
    /* What crier.read and crier.resolve put together, quoted already: the search_path, the names of
       the functions, and for each argument its value ($1 is the JSON of all of them) and how either
       function calls it. */
    with arguments as (
        select d->>'name' as name, d->>'type' as type, d->>'argument' as argument,
            d->'required' as required, d->>'type' like '%[]' as is_array, o.n,
            t->>'argument' as topic_argument
        from jsonb_array_elements(crier.function_parameters(call_pieces.function, '/x'))
            with ordinality as o(d, n)
        left join jsonb_array_elements(crier.function_parameters(call_pieces.topic, '/x')) t
            on t->>'name' = d->>'name')
    select jsonb_build_object(
        'search_path', format('%I, public, pg_temp', n.nspname),
        'document', crier.function_name(call_pieces.function),
        'topic', crier.function_name(call_pieces.topic),
        'arguments', (
            select coalesce(jsonb_agg(jsonb_build_object(
                'name', a.name,
                'required', a.required,
                'array', a.is_array,
                'value', format(case when a.is_array then 'crier.items($1->%L)::%s'
                                     else '($1->>%L)::%s' end, a.name, a.type),
                'document', quote_ident(a.argument),
                'topic', quote_ident(a.topic_argument)) order by a.n), '[]')
            from arguments a))
    from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where p.oid = call_pieces.function;
$$;
comment on function crier.call_pieces(oid, oid) is
    'Private: how crier.read calls a route''s functions.';
revoke all on function crier.call_pieces(oid, oid) from public;
