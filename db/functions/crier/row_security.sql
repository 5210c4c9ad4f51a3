create or replace function crier.row_security(route integer, arguments json, role name, document text)
    returns text language plpgsql volatile
    set search_path = pg_catalog, pg_temp
    set row_security = on
as $$
declare
    result record;
begin
    /* What PostgreSQL says of the row security that makes a role read this document, and the caller
       another one; NULL where it is the same, or for another reason than that. */
    select * into result from crier.try_read(route, arguments, null);
    if result.document is not distinct from row_security.document then
        return null;
    end if;
    perform set_config('row_security', 'off', true); -- where it would filter, it raises now
    select * into result from crier.try_read(route, arguments, role);
    return case when result.state = '42501' then result.message end;
end
$$;
comment on function crier.row_security(integer, json, name, text) is
    'Private: what row security has to do with a role''s reading another document than the caller.';
revoke all on function crier.row_security(integer, json, name, text) from public;
