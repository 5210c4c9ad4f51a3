create or replace function crier.header(name text)
    returns text language sql stable parallel safe
    set search_path = pg_catalog, pg_temp
as $$
    /* A header of the request that an action serves. crier.act puts all of them where only this
       transaction finds them. */
    select nullif(current_setting('crier.headers', true), '')::json->>lower(header.name);
$$;
comment on function crier.header(text) is
    'A header of the request that this action serves, whatever the case of its name: crier.header(''Content-Type''). Fields of one name are one list with commas. NULL without it, and outside actions.';
