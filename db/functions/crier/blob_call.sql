create or replace function crier.blob_call(call jsonb, arguments jsonb)
    returns text language sql stable
    set search_path = pg_catalog, pg_temp
as $$
    /* A call of one of a blob's functions with those of the arguments that it has. */
    select format('%s(%s)', call->>'function', crier.action_values(call, coalesce((
        select jsonb_object_agg(g.key, g.value)
        from jsonb_each(arguments) g
        where call->'signature' is null or g.key in ( -- the first function has to have all of them
            select a->>'name' from jsonb_array_elements(call->'arguments') a)), '{}'), null, false));
$$;
comment on function crier.blob_call(jsonb, jsonb) is 'Private: a call of one of a blob''s functions.';
revoke all on function crier.blob_call(jsonb, jsonb) from public;
