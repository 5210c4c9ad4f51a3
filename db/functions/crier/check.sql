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
       no arguments are tried too. */
    for route in select * from crier.routes r order by r.path loop
        return query
            select route.path, e.step, e.ok, e.detail, e.hint
            from crier.explain(route.path) e
            where e.step not in ('relay', 'triggers') and (e.step <> 'watch' or not e.ok);
        if not route.parameters @> '[{"required": true}]' then
            return query
                select route.path, f.step, f.ok, f.detail, f.hint
                from crier.explain_document(route, '{}') d cross join lateral unnest(d.findings) f;
        end if;
    end loop;
    for watch in select * from crier.watches w order by w.relation, w.topic loop
        return query
            select format('%s -> %s', watch.relation, watch.topic), e.step, e.ok, e.detail, e.hint
            from crier.explain_watch(watch) e;
    end loop;
    return query select 'relays', e.step, e.ok, e.detail, e.hint from crier.explain_relays() e;
end
$$;
comment on function crier.check() is
    'crier.explain for everything declared: select * from crier.check() where not ok.';
revoke all on function crier.check() from public;
