create or replace function crier.inline_source()
    returns text language sql stable
    set search_path = pg_catalog, pg_temp
as $$
    /* The body of crier.build_inline: for each route declared inline one static statement, whose plan
       a session keeps; putting it together and planning it at each commit would take longer than most
       documents do. It looks in the document's own snapshot whether the route is still declared as it
       was when this was generated; whether triggers may still call the functions the plan knows
       (crier.inline_allowed). Where arguments are given that have a default, the last branch puts the
       statement together each time, as reads do. */
    select format($body$
declare
    called jsonb;
begin
    /* Generated from the routes that are declared inline. */
    case%s
    else
        select r.call into strict called from crier.routes r where r.id = route and r.inline;
        select b.document, case when called->>'topic' is not null then coalesce(b.topic, '') end, b.snapshot
        into document, topic, snapshot
        from crier.build(called, arguments) b;
        if not exists (select from crier.routes r where r.id = route and r.call = called) then
            document := null;
        end if;
    end case;
end
$body$, coalesce(string_agg(format($branch$
    when route = %1$s%2$s then
        topic := set_config('search_path', %3$L, true); -- until the end of this function
        select %4$s(%5$s)::text, %6$s, pg_catalog.pg_current_snapshot()::text
        into document, topic, snapshot
        from crier.routes r
        where r.id operator(pg_catalog.=) %1$s and r.inline and r.call operator(pg_catalog.=) %7$L
          and crier.inline_allowed(array[%8$s]::pg_catalog.regprocedure[]);$branch$,
        r.id, a.absent, r.call->>'search_path', r.call->>'document', a.of_document,
        case when r.topic is null then 'null' else format('coalesce(%s(%s), '''')', r.call->>'topic', a.of_topic) end,
        r.call, concat_ws(', ', quote_literal(r.function), quote_literal(r.topic))), '' order by r.id),
    ' when false then'))
    from crier.routes r
    cross join lateral (
        select
            string_agg(format(' and (arguments->%L) is null', a->>'name'), '' order by n)
                filter (where a->'required' = 'false'),
            string_agg((a->>'document') || ' => ' || (a->>'value'), ', ' order by n)
                filter (where a->'required' = 'true'),
            string_agg((a->>'topic') || ' => ' || (a->>'value'), ', ' order by n)
                filter (where a->'required' = 'true')
        from jsonb_array_elements(r.call->'arguments') with ordinality as o(a, n))
        as a(absent, of_document, of_topic)
    where r.inline and r.kind = 'live';
$$;
comment on function crier.inline_source() is 'Private: the body of crier.build_inline.';
revoke all on function crier.inline_source() from public;
