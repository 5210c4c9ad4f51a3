create or replace function crier.relay_stop(relay uuid)
    returns void language sql volatile security definer
    set search_path = pg_catalog, pg_temp
as $$
    /* A relay says goodbye; its subscriptions go with it. */
    delete from crier.relays r where r.id = relay_stop.relay;
$$;
comment on function crier.relay_stop(uuid) is 'For the relay: forgets it and its subscriptions.';
revoke all on function crier.relay_stop(uuid) from public;
