create or replace function crier.last_name(reference text)
    returns text language sql immutable strict parallel safe
    set search_path = pg_catalog, pg_temp
as $$
    /* The name itself in schema.name or schema.name(types). */
    select p.parts[cardinality(p.parts)]
    from (select parse_ident(last_name.reference, false)) as p(parts);
$$;
comment on function crier.last_name(text) is 'Private: the name itself in schema.name(types).';
revoke all on function crier.last_name(text) from public;
