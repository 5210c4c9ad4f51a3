create or replace function crier.explain_watch(watch crier.watches)
    returns setof crier.finding language plpgsql stable
    set search_path = pg_catalog, pg_temp
as $$
declare
    arguments constant text := format('%L, %L', watch.relation, watch.topic);
    relation constant oid := to_regclass(watch.relation);
    detail text;
    hint text;
begin
    /* Whether a watch's table and columns are there, and its triggers in order at every level. */
    if relation is null then
        return next crier.found('watch', false, format('the table %s is gone', watch.relation),
            format('select crier.unwatch(%s); and watch the table under its new name, if any.', arguments));
        return;
    end if;
    begin
        perform crier.relation_check(relation, watch.topic);
    exception when others then
        get stacked diagnostics detail = pg_exception_detail, hint = pg_exception_hint;
        return next crier.found('watch', false, format('%s: %s %s', sqlerrm, detail,
                case sqlstate when 'CR054' then 'Every change notifies all its topics meanwhile.'
                    when 'CR053' then 'It has no triggers meanwhile.' end),
            format('%s Or give it up: select crier.unwatch(%s);', hint, arguments));
        return;
    end;
    return next crier.found('watch', true, format('%s changes %s', watch.relation, watch.topic), null);
    return query select * from crier.explain_triggers(watch.id, relation, watch.topic,
        format('As the table''s owner: select crier.watch(%s);', arguments));
end
$$;
comment on function crier.explain_watch(crier.watches) is 'Private: whether a watch is in order.';
revoke all on function crier.explain_watch(crier.watches) from public;
