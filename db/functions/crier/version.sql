create or replace function crier.version()
    returns integer language sql immutable parallel safe
    set search_path = pg_catalog, pg_temp
as $$
    /* The version of this schema. A relay that was made for another one stops. */
    select 2;
$$;
comment on function crier.version() is 'The version of the schema crier; a relay made for another one says so and stops.';
