create or replace function crier.relation_levels(relation oid)
    returns setof oid language sql stable
    set search_path = pg_catalog, pg_temp
as $$
    /* A table with all its partitions and children, at every level: a statement that names one of
       them fires the triggers of that one only. */
    with recursive level(oid) as (
        select relation_levels.relation
        union
        select i.inhrelid from pg_inherits i join level l on l.oid = i.inhparent)
    select level.oid from level;
$$;
comment on function crier.relation_levels(oid) is 'Private: a table with all its partitions and children.';
revoke all on function crier.relation_levels(oid) from public;
