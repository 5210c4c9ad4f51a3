create or replace function crier.watch_install(watch integer, relation oid, topic text)
    returns integer language plpgsql volatile
    set search_path = pg_catalog, pg_temp
    set client_min_messages = 'warning'
as $$
declare
    function constant text := format('crier.watch_%s', watch);
    changes integer := crier.watch_function(watch, relation, topic);
    t record;
begin
    /* Makes a watch's trigger function and its triggers what they ought to be, at every level of
       the table; returns how many were not. What is in order already is not touched, and no lock
       is taken for it. */
    for t in
        select format('crier_watch_%s_%s', watch, e.event) as name, e.*, l.oid::regclass as level
        from crier.relation_levels(relation) l(oid)
        join pg_class c on c.oid = l.oid and c.relkind in ('r', 'p')
        cross join (values
            ('insert', 'referencing new table as new_rows'),
            ('update', 'referencing old table as old_rows new table as new_rows'),
            ('delete', 'referencing old table as old_rows'),
            ('truncate', '')) as e(event, transition)
        where not exists (
            select from pg_trigger p
            where p.tgrelid = l.oid and p.tgname = format('crier_watch_%s_%s', watch, e.event))
    loop
        execute format('create or replace trigger %I after %s on %s %s for each statement '
            'execute function %s()', t.name, t.event, t.level, t.transition, function);
        changes := changes + 1;
    end loop;
    for t in
        select p.tgname as name, p.tgrelid::regclass as level
        from pg_trigger p
        where p.tgfoid = to_regproc(function)
          and p.tgrelid not in (select crier.relation_levels(relation))
    loop
        execute format('drop trigger %I on %s', t.name, t.level);
        changes := changes + 1;
    end loop;
    return changes;
end
$$;
comment on function crier.watch_install(integer, oid, text) is
    'Private: makes a watch''s triggers what they ought to be; returns how many were not.';
revoke all on function crier.watch_install(integer, oid, text) from public;
