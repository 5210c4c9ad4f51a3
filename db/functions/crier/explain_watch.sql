create or replace function crier.explain_watch(watch crier.watches)
    returns setof crier.finding language plpgsql stable
    set search_path = pg_catalog, pg_temp
as $$
declare
    repair constant text := format('As the table''s owner: select crier.watch(%L, %L);', watch.relation, watch.topic);
    name constant text := 'watch_' || watch.id;
    relation oid;
    wrong record;
    detail text;
    hint text;
begin
    /* Whether a watch's table, columns, function and triggers are in order, at every level. */
    relation := to_regclass(watch.relation);
    if relation is null then
        return next crier.found('watch', false, format('the table %s is gone', watch.relation),
            format('select crier.unwatch(%L, %L); and watch the table under its new name if it has one.', watch.relation, watch.topic));
        return;
    end if;
    begin
        perform crier.relation_check(relation, watch.topic);
    exception when others then
        get stacked diagnostics detail = pg_exception_detail, hint = pg_exception_hint;
        return next crier.found('watch', false, format('%s: %s %s', sqlerrm, detail,
                case when sqlstate = 'CR054' then 'Every change notifies all its topics meanwhile.'
                     else 'It has no triggers meanwhile.' end),
            format('%s Or give it up: select crier.unwatch(%L, %L);', hint, watch.relation, watch.topic));
        return;
    end;
    return next crier.found('watch', true, format('%s changes %s', watch.relation, watch.topic), null);
    if not exists (
        select from pg_proc p, crier.watch_source(relation, watch.topic) s
        where p.oid = to_regproc(format('crier.%I', name)) and p.prosrc = s.body
          and (p.proconfig is null) = (s.settings is null)) then
        return next crier.found('triggers', false, format('the trigger function crier.%I is missing or out of date', name), repair);
    end if;
    for wrong in
        select l.oid::regclass as level, bool_or(t.oid is null) as missing,
            string_agg(upper(e.event), ', ' order by e.event) as events,
            string_agg(format('alter table %s enable trigger %s;', l.oid::regclass, quote_ident(t.tgname)), ' ' order by e.event) as enable
        from crier.relation_levels(relation) l(oid)
        join pg_class c on c.oid = l.oid and c.relkind in ('r', 'p')
        cross join unnest('{insert,update,delete,truncate}'::text[]) as e(event)
        left join pg_trigger t on t.tgrelid = l.oid and t.tgname = format('crier_%s_%s', name, e.event)
        where t.oid is null or t.tgenabled not in ('O', 'A')
        group by l.oid, t.oid is null
        order by l.oid, t.oid is null
    loop
        return next crier.found('triggers', false, format('%s for %s %s on %s', case when wrong.missing then 'there is no trigger' else 'the trigger' end,
            wrong.events, case when wrong.missing then '' else 'is disabled' end, wrong.level),
            case when wrong.missing then repair else wrong.enable end);
    end loop;
end
$$;
comment on function crier.explain_watch(crier.watches) is 'Private: whether a watch is in order.';
revoke all on function crier.explain_watch(crier.watches) from public;
