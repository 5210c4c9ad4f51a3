create or replace function crier.grant_relay(role name)
    returns void language plpgsql volatile
    set search_path = pg_catalog, pg_temp
as $$
begin
    /* Lets a login role be the relay, and nothing else: the document functions keep their own
       privileges, which crier.explain checks. Actions that run as the relay may announce,
       which is no more than NOTIFY lets anybody do. */
    if to_regrole(quote_ident(role)) is null then
        perform crier.fail('CR060',
            format('there is no role %s', coalesce(quote_ident(role), 'NULL')),
            'It is not among those that psql''s \du lists.',
            format('create role %s login; and try again.', coalesce(quote_ident(role), 'pgcrier')));
    end if;
    execute format('grant usage on schema crier to %I', role);
    execute format('grant select on crier.routes to %I', role);
    execute format('grant execute on function %s to %I', array_to_string(crier.relay_functions(), ', '), role);
end
$$;
comment on function crier.grant_relay(name) is
    'Gives a login role exactly what the relay needs of the schema crier. Privileges for the document functions are yours to grant.';
revoke all on function crier.grant_relay(name) from public;
