create or replace function crier.watch_drop(watch integer)
    returns void language plpgsql volatile
    set search_path = pg_catalog, pg_temp
    set client_min_messages = 'warning'
as $$
begin
    /* Drops a watch's trigger function, and with it its triggers on all tables. */
    execute format('drop function if exists crier.%I() cascade', 'watch_' || watch);
end
$$;
comment on function crier.watch_drop(integer) is 'Private: drops a watch''s trigger function and triggers.';
revoke all on function crier.watch_drop(integer) from public;
