create or replace function crier.resolve(route integer, arguments json)
    returns text language plpgsql volatile
    set search_path = pg_catalog, pg_temp
    set timezone = 'UTC'
    set datestyle = 'ISO, MDY'
    set intervalstyle = 'postgres'
    set bytea_output = 'hex'
    set extra_float_digits = 1
as $$
declare
    template text;
    parameters jsonb;
    call jsonb;
    names text[];      -- of the arguments that are given, in their order
    expressions text;  -- their values, cast and spelled back
    spelled text[];
    fit boolean;
begin
    /* The key of a request for the relay: the canonical path, and the query of what else is given,
       in the arguments' order. Casting every value to its type makes all spellings of it one. An
       array is spelled as JSON, so that a key's own query means the same again. */
    select r.path, r.parameters, r.call into template, parameters, call from crier.routes r where r.id = resolve.route;
    if not found then
        raise exception using errcode = 'PT404', message = 'no such route';
    end if;
    select coalesce(array_agg(a->>'name' order by n) filter (where v is not null), '{}'),
        coalesce(bool_and(crier.argument_fits(a, v)), true),
        string_agg(format(
            case when a->'array' = 'true' then 'to_json(%s)::text' else '(%s)::text' end,
            a->>'value'), ', ' order by n) filter (where v is not null)
    into names, fit, expressions
    from jsonb_array_elements(call->'arguments') with ordinality as o(a, n)
    cross join lateral (select arguments->(a->>'name')) as l(v);
    if not fit or cardinality(names) <> (select count(*) from json_object_keys(arguments)) then
        perform crier.arguments_refuse(call, arguments);
    end if;
    begin
        execute format('select array[%s]::text[]', expressions) into strict spelled using arguments;
    exception when data_exception or integrity_constraint_violation then
        perform crier.conversion_refuse(parameters, call, arguments);
    end;
    return crier.path_fill(template, names, spelled);
end
$$;
comment on function crier.resolve(integer, json) is
    'For the relay: the key of a request, its canonical path and query. PT400 is the caller''s fault.';
revoke all on function crier.resolve(integer, json) from public;
