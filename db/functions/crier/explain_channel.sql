create or replace function crier.explain_channel(route crier.routes)
    returns setof crier.finding language sql stable
    set search_path = pg_catalog, pg_temp
as $$
    /* What a route of kind channel relays, and how to try it. */
    select 'channel', true, format('what is notified on %I is relayed as it is', route.channel),
        format('Try it: notify %I, ''hello'';', route.channel);
$$;
comment on function crier.explain_channel(crier.routes) is 'Private: what a route of kind channel relays.';
revoke all on function crier.explain_channel(crier.routes) from public;
