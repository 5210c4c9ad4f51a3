create or replace function crier.relay_grantees()
    returns setof name language sql stable
    set search_path = pg_catalog, pg_temp
as $$
    /* The roles that crier.grant_relay was for. Default privileges may give others each function, but not
       the schema as well. */
    select r.rolname
    from pg_proc p cross join lateral aclexplode(p.proacl) a join pg_roles r on r.oid = a.grantee
    where p.oid = 'crier.relay_report(uuid, json, json)'::regprocedure and a.grantee <> p.proowner
      and exists (
          select from pg_namespace n cross join lateral aclexplode(n.nspacl) s
          where n.oid = p.pronamespace and s.grantee = a.grantee and s.privilege_type = 'USAGE');
$$;
comment on function crier.relay_grantees() is 'Private: the roles that crier.grant_relay was for.';
revoke all on function crier.relay_grantees() from public;
