create or replace function crier.relay_grantees()
    returns setof name language sql stable
    set search_path = pg_catalog, pg_temp
as $$
    /* The roles that crier.grant_relay was for. */
    select r.rolname
    from pg_proc p cross join lateral aclexplode(p.proacl) a join pg_roles r on r.oid = a.grantee
    where p.oid = 'crier.relay_report(uuid, json, json)'::regprocedure and a.grantee <> p.proowner;
$$;
comment on function crier.relay_grantees() is 'Private: the roles that crier.grant_relay was for.';
revoke all on function crier.relay_grantees() from public;
