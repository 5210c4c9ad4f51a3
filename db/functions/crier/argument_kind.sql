create or replace function crier.argument_kind(type oid)
    returns text language sql stable
    set search_path = pg_catalog, pg_temp
as $$
    /* How crier.argument reads a value of this type from JSON: text takes only strings, json takes
       anything, an array takes arrays (of the same), and a scalar what its type reads as text. */
    with recursive base as ( -- below the domains
        select t.oid, t.typtype, t.typbasetype, t.typcategory, t.typelem, t.typsubscript
        from pg_type t where t.oid = argument_kind.type
        union all
        select t.oid, t.typtype, t.typbasetype, t.typcategory, t.typelem, t.typsubscript
        from base b join pg_type t on t.oid = b.typbasetype where b.typtype = 'd')
    select case
        when b.typcategory = 'A' and b.typelem <> 0 then crier.argument_kind(b.typelem) || ' array'
        when b.typcategory = 'S' then 'text'
        when b.oid in ('json'::regtype, 'jsonb'::regtype) then 'json'
        else 'scalar' end
    from base b where b.typtype <> 'd';
$$;
comment on function crier.argument_kind(oid) is 'Private: how crier.argument reads a value of this type from JSON.';
revoke all on function crier.argument_kind(oid) from public;
