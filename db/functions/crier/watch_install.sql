create or replace function crier.watch_install(watch integer, relation oid, topic text)
    returns integer language plpgsql volatile
    set search_path = pg_catalog, pg_temp
    set client_min_messages = 'warning'
as $$
declare
    name constant text := 'watch_' || watch;
    owner constant name := (select r.rolname from pg_namespace n join pg_roles r on r.oid = n.nspowner where n.nspname = 'crier');
    source record;
    missing record;
    changes integer := 0;
begin
    /* Makes a watch's trigger function and its triggers what they ought to be, at every level of
       the table. What is in order already is not touched, and no lock is taken for it. */
    select * into source from crier.watch_source(relation, topic);
    if not exists (
        select from pg_proc p
        where p.pronamespace = 'crier'::regnamespace and p.proname = name and p.prosrc = source.body
          and (source.settings is null) = (p.proconfig is null))
    then
        execute format('create or replace function crier.%I() returns trigger language plpgsql volatile '
            'security definer %s as %L', name, source.settings, source.body);
        execute format('revoke all on function crier.%I() from public', name);
        execute format('comment on function crier.%I() is %L', name,
            format('Generated: crier.watch(%L, %L).', relation::regclass, topic));
        if owner <> current_user then
            execute format('alter function crier.%I() owner to %I', name, owner);
        end if;
        changes := changes + 1;
    end if;
    for missing in
        select l.oid::regclass as level, e.event, e.referencing
        from crier.relation_levels(relation) l(oid)
        join pg_class c on c.oid = l.oid and c.relkind in ('r', 'p')
        cross join (values ('insert', 'referencing new table as new_rows'),
            ('update', 'referencing old table as old_rows new table as new_rows'),
            ('delete', 'referencing old table as old_rows'), ('truncate', '')) as e(event, referencing)
        where not exists (
            select from pg_trigger t
            where t.tgrelid = l.oid and t.tgname = format('crier_%s_%s', name, e.event))
    loop
        execute format('create or replace trigger %I after %s on %s %s for each statement execute function crier.%I()',
            format('crier_%s_%s', name, missing.event), missing.event, missing.level, missing.referencing, name);
        changes := changes + 1;
    end loop;
    for missing in
        select t.tgname, t.tgrelid::regclass as level
        from pg_trigger t
        where t.tgfoid = to_regproc(format('crier.%I', name))
          and t.tgrelid not in (select crier.relation_levels(relation))
    loop
        execute format('drop trigger %I on %s', missing.tgname, missing.level);
        changes := changes + 1;
    end loop;
    return changes;
end
$$;
comment on function crier.watch_install(integer, oid, text) is
    'Private: makes a watch''s trigger function and triggers what they ought to be; returns how many were not.';
revoke all on function crier.watch_install(integer, oid, text) from public;
