create or replace function crier.explain_topic(topic text)
    returns setof crier.finding language plpgsql stable
    set search_path = pg_catalog, pg_temp
as $$
declare
    watch crier.watches;
begin
    /* Which watches name a topic, and whether they are in order. */
    for watch in
        select * from crier.watches w
        where crier.templates_meet(w.topic, explain_topic.topic) order by w.id
    loop
        return query select * from crier.explain_watch(watch);
    end loop;
    if not found then
        return next crier.found('watch', false, format('no watch names the topic %s', topic),
            'Say which rows change it: select crier.watch(''schema.table'', ''topic/{column}''); '
            'or call crier.touch where it changes.');
    end if;
end
$$;
comment on function crier.explain_topic(text) is
    'Private: which watches name a topic, and whether they are in order.';
revoke all on function crier.explain_topic(text) from public;
