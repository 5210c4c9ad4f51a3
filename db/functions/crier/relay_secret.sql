create or replace function crier.relay_secret()
    returns bytea language sql stable security definer
    set search_path = pg_catalog, pg_temp
as $$
    /* What inline notifications are signed with; NULL without a secret, and all go by reference. */
    select s.key from crier.secret s;
$$;
comment on function crier.relay_secret() is 'For the relay: what inline notifications are signed with.';
revoke all on function crier.relay_secret() from public;
