create or replace function crier.watch_drop(watch integer)
    returns integer language plpgsql volatile
    set search_path = pg_catalog, pg_temp
    set client_min_messages = 'warning'
as $$
declare
    function constant text := format('crier.watch_%s', watch);
begin
    /* Drops a watch's trigger function, and with it its triggers on all tables; returns how many
       functions there were, 1 or 0. */
    if to_regproc(function) is null then
        return 0;
    end if;
    execute format('drop function %s() cascade', function);
    return 1;
end
$$;
comment on function crier.watch_drop(integer) is
    'Private: drops a watch''s trigger function and triggers.';
revoke all on function crier.watch_drop(integer) from public;
