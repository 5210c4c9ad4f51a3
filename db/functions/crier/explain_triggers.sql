create or replace function crier.explain_triggers(
        watch integer, relation oid, topic text, repair text)
    returns setof crier.finding language sql stable
    set search_path = pg_catalog, pg_temp
as $$
    /* What is wrong with a watch's trigger function and its triggers at every level of the table. */
    with triggers as (
        select l.oid::regclass as level, upper(e.event) as event, t.tgenabled,
            quote_ident(t.tgname) as name
        from crier.relation_levels(relation) l(oid)
        join pg_class c on c.oid = l.oid and c.relkind in ('r', 'p')
        cross join unnest('{insert,update,delete,truncate}'::text[]) as e(event)
        left join pg_trigger t on t.tgrelid = l.oid
            and t.tgname = format('crier_watch_%s_%s', explain_triggers.watch, e.event))
    select 'triggers', false,
        format('the trigger function crier.watch_%s is missing or out of date', watch), repair
    where not exists (
        select from pg_proc p, crier.watch_source(relation, topic) s
        where p.oid = to_regproc(format('crier.watch_%s', watch)) and p.prosrc = s.body
          and (p.proconfig is null) = (s.settings is null))
    union all
    select 'triggers', false,
        format('there is no trigger for %s on %s',
            string_agg(t.event, ', ' order by t.event), t.level), repair
    from triggers t where t.name is null group by t.level
    union all
    select 'triggers', false,
        format('the trigger for %s is disabled on %s',
            string_agg(t.event, ', ' order by t.event), t.level),
        string_agg(format('alter table %s enable trigger %s;', t.level, t.name), ' '
            order by t.event)
    from triggers t where t.tgenabled not in ('O', 'A') group by t.level;
$$;
comment on function crier.explain_triggers(integer, oid, text, text) is
    'Private: what is wrong with a watch''s triggers.';
revoke all on function crier.explain_triggers(integer, oid, text, text) from public;
