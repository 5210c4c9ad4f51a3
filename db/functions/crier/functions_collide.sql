create or replace function crier.functions_collide(one oid, other oid)
    returns boolean language sql stable
    set search_path = pg_catalog, pg_temp
as $$
    /* Whether some call by name fits two overloads equally well. The call that is hardest to tell
       apart gives only what either requires; it fits both when each has all of that, and PostgreSQL
       cannot choose when the types are the same too. */
    with arguments as (
        select p.oid as function, p.proargnames[a.n] as name, a.type,
            a.n <= p.pronargs - p.pronargdefaults as required
        from pg_proc p, unnest(p.proargtypes::oid[]) with ordinality as a(type, n)
        where p.oid in (one, other))
    select not exists (
        select from arguments a
        where a.required and not exists (
            select from arguments b
            where b.function <> a.function and b.name = a.name and b.type = a.type));
$$;
comment on function crier.functions_collide(oid, oid) is 'Private: whether some call by name fits two overloads equally well.';
revoke all on function crier.functions_collide(oid, oid) from public;
