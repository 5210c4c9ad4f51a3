create or replace function crier.function_stored(signature text)
    returns oid language plpgsql stable
    set search_path = pg_catalog, pg_temp
as $$
begin
    /* The oid of a function that crier.routes names; NULL when it is gone, also when a type or a
       schema of its signature went with it. */
    return to_regprocedure(signature);
exception when undefined_object or invalid_schema_name then
    return null;
end
$$;
comment on function crier.function_stored(text) is 'Private: the oid of a function that crier.routes names, NULL when it is gone.';
revoke all on function crier.function_stored(text) from public;
