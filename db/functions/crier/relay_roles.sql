create or replace function crier.relay_roles()
    returns setof name language sql stable
    set search_path = pg_catalog, pg_temp
as $$
    /* The roles that relays use: those that reported, and those that crier.grant_relay was for. */
    select r.role from crier.relays r where to_regrole(quote_ident(r.role)) is not null
    union
    select * from crier.relay_grantees()
    order by 1;
$$;
comment on function crier.relay_roles() is 'Private: the roles that relays use.';
revoke all on function crier.relay_roles() from public;
