create or replace function crier.watch_drop(watch integer)
    returns integer language plpgsql volatile
    set search_path = pg_catalog, pg_temp
    set client_min_messages = 'warning'
as $$
declare
    function constant text := format('crier.watch_%s', watch);
    tables text;
begin
    /* Drops a watch's trigger function, and with it its triggers on all tables; returns how many
       functions there were, 1 or 0. Partitions and children are locked after their table, as writers
       do, or they would deadlock; DROP goes the other way. */
    if to_regproc(function) is null then
        return 0;
    end if;
    select string_agg(distinct t.tgrelid::regclass::text, ', ') into tables
    from pg_trigger t
    where t.tgfoid = to_regproc(function) and has_table_privilege(t.tgrelid, 'update, delete, truncate')
      and not exists (
          select from pg_inherits i join pg_trigger above on above.tgrelid = i.inhparent
          where i.inhrelid = t.tgrelid and above.tgfoid = t.tgfoid);
    if tables is not null then
        execute format('lock table %s in access exclusive mode', tables);
    end if;
    execute format('drop function %s() cascade', function);
    return 1;
end
$$;
comment on function crier.watch_drop(integer) is
    'Private: drops a watch''s trigger function and triggers.';
revoke all on function crier.watch_drop(integer) from public;
