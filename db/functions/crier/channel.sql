create or replace function crier.channel(path text, channel text)
    returns integer language plpgsql volatile
    set search_path = pg_catalog, pg_temp
as $$
begin
    /* Declares a stream of whatever is notified on a channel. Declaring a path again changes its
       route in place. */
    perform crier.route_check(path, 'message', false, '0', '1 minute', 1);
    perform crier.channel_check(path, channel);
    perform crier.kind_notice(path, 'channel');
    return crier.channel_store(path, channel);
end
$$;
comment on function crier.channel(text, text) is
    'Relays a NOTIFY channel as it is: crier.channel(''/events/orders'', ''orders_changed'') makes its payloads a stream of events. Again for the same path: changes it at once.';
revoke all on function crier.channel(text, text) from public;
