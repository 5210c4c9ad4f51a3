create or replace function crier.conversion_refuse(parameters jsonb, call jsonb, arguments json)
    returns void language plpgsql stable
    set search_path = pg_catalog, pg_temp
as $$
declare
    parameter record;
    why text;
begin
    /* Raises PT400 for the first of a request's arguments that is no value of its type, after all of
       them together have failed: it names the argument, as crier.argument does for a write. */
    for parameter in
        select a->>'name' as name, a->>'value' as expression, t.typnamespace = 'pg_catalog'::regnamespace as builtin
        from jsonb_array_elements(call->'arguments') with ordinality as o(a, n)
        join jsonb_array_elements(parameters) p on p->>'name' = a->>'name'
        left join pg_type t on t.oid = to_regtype(p->>'type')
        where arguments->(a->>'name') is not null
        order by n
    loop
        begin
            execute format('select %s', parameter.expression) using arguments;
        exception when data_exception or integrity_constraint_violation then
            -- Names of types and constraints that are not PostgreSQL's own are nobody's business.
            why := format('"%s": %s', parameter.name,
                case when parameter.builtin then sqlerrm else 'that is no value of its type' end);
            exit;
        end;
    end loop;
    raise exception using errcode = 'PT400', message = 'An argument cannot be converted to its type',
        detail = coalesce(why, '');
end
$$;
comment on function crier.conversion_refuse(jsonb, jsonb, json) is
    'Private: raises PT400 for the argument of a request that is no value of its type.';
revoke all on function crier.conversion_refuse(jsonb, jsonb, json) from public;
