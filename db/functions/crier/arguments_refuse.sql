create or replace function crier.arguments_refuse(call jsonb, arguments json)
    returns void language plpgsql stable
    set search_path = pg_catalog, pg_temp
as $$
declare
    wrong text;
begin
    /* Raises PT400 for the first thing that makes a request's arguments unfit for its route. */
    select format('unknown parameter %s', k.name) into wrong
    from json_object_keys(arguments) as k(name)
    where k.name not in (select a->>'name' from jsonb_array_elements(call->'arguments') a) limit 1;
    if wrong is null then
        select format(case when arguments->(a->>'name') is null then 'missing parameter %s'
            else 'parameter %s must be one value' end, a->>'name') into wrong
        from jsonb_array_elements(call->'arguments') a
        where not crier.argument_fits(a, arguments->(a->>'name')) limit 1;
    end if;
    raise exception using errcode = 'PT400',
        message = coalesce(wrong, 'a parameter is given twice');
end
$$;
comment on function crier.arguments_refuse(jsonb, json) is
    'Private: raises PT400 for what is wrong with a request''s arguments.';
revoke all on function crier.arguments_refuse(jsonb, json) from public;
