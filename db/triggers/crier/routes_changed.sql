create or replace function crier.routes_changed()
    returns trigger language plpgsql volatile security definer
    set search_path = pg_catalog, pg_temp
as $$
begin
    /* Has the triggers of watches heed inline routes from now on, and build their documents, and tells
       every relay to load the routes again. */
    perform crier.watch_functions();
    perform crier.inline_function();
    if current_setting('crier.off', true) is distinct from 'on' then
        perform crier.notify('{"routes":true}');
    end if;
    return null;
end
$$;
comment on function crier.routes_changed() is 'Trigger: tells every relay, and the triggers of watches, that the routes changed.';
revoke all on function crier.routes_changed() from public;

create or replace trigger crier_routes_changed
    after insert or update or delete or truncate on crier.routes
    for each statement execute function crier.routes_changed();
