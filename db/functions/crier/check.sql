create or replace function crier.check()
    returns table (declared text, step text, ok boolean, detail text, hint text)
    language plpgsql volatile
    set search_path = pg_catalog, pg_temp
as $$
declare
    route crier.routes;
    watch crier.watches;
begin
    /* crier.explain for everything declared: each route, each watch, the relays. Routes that need
       arguments are not tried, and watches are told of once. */
    for route in select * from crier.routes r order by r.path, r.method loop
        return query
            select case when route.method = 'GET' then '' else route.method || ' ' end || route.path,
                e.step, e.ok, e.detail, e.hint
            from crier.explain(route.method || ' ' || route.path) e
            where e.step in ('route', 'function', 'channel', 'privilege', 'inline')
               or e.step = 'watch' and not e.ok and e.detail like 'no watch %'
               or e.step in ('arguments', 'document', 'topic', 'octets')
                  and not route.parameters @> '[{"required": true}]';
    end loop;
    for watch in select * from crier.watches w order by w.relation, w.topic loop
        return query
            select format('%s -> %s', watch.relation, watch.topic), e.step, e.ok, e.detail, e.hint
            from (select * from crier.explain_watch(watch)
                  union all select * from crier.explain_unheard(watch)) e;
    end loop;
    return query select 'relays', e.step, e.ok, e.detail, e.hint from crier.explain_relays() e;
end
$$;
comment on function crier.check() is
    'crier.explain for everything declared: select * from crier.check() where not ok.';
revoke all on function crier.check() from public;
