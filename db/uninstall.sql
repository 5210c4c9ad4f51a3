/* Takes the schema crier away, with the triggers that it made on your tables, and nothing of yours:
   psql "$DATABASE_URL" -f db/uninstall.sql. It stops when something of yours needs the schema, such
   as a function that returns crier.json_text. Functions that only call crier.touch are not found;
   they fail when they next run. */

\set ON_ERROR_STOP on
begin;
set local client_min_messages = 'warning';

do $$
declare
    dependents text;
begin
    select string_agg(distinct pg_describe_object(d.classid, d.objid, d.objsubid), ', ')
    into dependents
    from pg_depend d
    join (
        select 'pg_proc'::regclass as class, oid, pronamespace as schema from pg_proc
        union all select 'pg_type'::regclass, oid, typnamespace from pg_type
        union all select 'pg_class'::regclass, oid, relnamespace from pg_class) ours
        on (ours.class, ours.oid) = (d.refclassid, d.refobjid) and ours.schema = to_regnamespace('crier')
    where d.deptype = 'n'
      and (pg_identify_object(d.classid, d.objid, 0)).schema is distinct from 'crier'
      and d.classid <> 'pg_trigger'::regclass -- those on your tables that crier.watch made
      and not exists ( -- our own view is a rule without a schema
        select from pg_rewrite r join pg_class c on c.oid = r.ev_class
        where d.classid = 'pg_rewrite'::regclass and r.oid = d.objid
          and c.relnamespace = to_regnamespace('crier'));
    if dependents is not null then
        raise exception using errcode = 'CR072', message = 'something of yours needs the schema crier',
            detail = 'It is ' || dependents || '.',
            hint = 'Drop it, or change it so that it does not, and try again.';
    end if;

    -- All at once, or it would deadlock with writers. An older version lacks the function.
    if to_regprocedure('crier.lock_tables(text[])') is not null then
        perform crier.lock_tables(variadic array(
            select distinct format('%I.%I', n.nspname, c.relname)
            from pg_trigger t join pg_proc p on p.oid = t.tgfoid
            join pg_class c on c.oid = t.tgrelid join pg_namespace n on n.oid = c.relnamespace
            where p.pronamespace = 'crier'::regnamespace and n.nspname <> 'crier'
              and has_table_privilege(c.oid, 'update, delete, truncate')
            order by 1)
            || '{crier.routes,crier.inlined,crier.wanted,crier.subscriptions,crier.relays,crier.pending,crier.watches}'::text[]);
    end if;
end
$$;

drop schema if exists crier cascade;
commit;
