-- Version 1 had no method.
drop function if exists crier.unroute(text);
create or replace function crier.unroute(path text, method text default null)
    returns boolean language plpgsql volatile
    set search_path = pg_catalog, pg_temp
as $$
declare
    braces constant text := '\{[^{}]*\}';
begin
    /* Forgets the routes of a path, or that of one method. The names of its parameters do not matter. */
    delete from crier.routes r
    where regexp_replace(r.path, braces, '{}', 'g')
        = regexp_replace(unroute.path, braces, '{}', 'g')
      and (unroute.method is null or r.method = upper(unroute.method));
    return found;
end
$$;
comment on function crier.unroute(text, text) is 'Forgets a path, or only one of its methods: crier.unroute(''/api/posts/{id}'', ''PATCH''). Its streams end. False when there was none.';
revoke all on function crier.unroute(text, text) from public;
