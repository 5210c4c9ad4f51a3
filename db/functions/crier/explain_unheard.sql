create or replace function crier.explain_unheard(watch crier.watches)
    returns setof crier.finding language sql stable
    set search_path = pg_catalog, pg_temp
as $$
    /* A watch whose topic no document can have: a topic function may return anything, without one the
       topic of a document is its path. */
    select crier.found('watch', false, format('no document has the topic %s', watch.topic),
        format('Without a topic function its topic is a document''s path, such as %s. '
            'Watch for that instead, and give this up: select crier.unwatch(%L, %L);',
            coalesce((select min(r.path) from crier.routes r where r.kind = 'live'), '/api/posts/{id}'),
            watch.relation, watch.topic))
    where not exists (
        select from crier.routes r
        where r.kind = 'live' and (r.topic is not null or crier.templates_meet(r.path, watch.topic)));
$$;
comment on function crier.explain_unheard(crier.watches) is 'Private: whether a watch names a topic that no document can have.';
revoke all on function crier.explain_unheard(crier.watches) from public;
