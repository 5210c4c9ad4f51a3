create or replace function crier.unroute(path text)
    returns boolean language plpgsql volatile
    set search_path = pg_catalog, pg_temp
as $$
declare
    braces constant text := '\{[^{}]*\}';
begin
    /* Forgets the routes of a path. The names of its parameters do not matter. */
    delete from crier.routes r
    where regexp_replace(r.path, braces, '{}', 'g')
        = regexp_replace(unroute.path, braces, '{}', 'g');
    return found;
end
$$;
comment on function crier.unroute(text) is 'Forgets a path; its streams end. False when there was none.';
revoke all on function crier.unroute(text) from public;
