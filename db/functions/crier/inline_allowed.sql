create or replace function crier.inline_allowed(functions regprocedure[])
    returns boolean language sql immutable
    set search_path = pg_catalog, pg_temp
as $$
    /* Whether triggers may call functions, as crier.inline_check wants them. Declared IMMUTABLE so that a
       plan that calls them asks once, when it is made: PostgreSQL makes it anew when one of them has
       changed. Good for nothing but such queries. */
    select not exists (
        select from pg_proc p
        where p.oid = any (functions)
          and (p.provolatile = 'v' or p.provolatile = 's' and not p.prosecdef));
$$;
comment on function crier.inline_allowed(regprocedure[]) is
    'Private: whether triggers may call functions; for queries that call them.';
revoke all on function crier.inline_allowed(regprocedure[]) from public;
