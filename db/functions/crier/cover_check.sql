create or replace function crier.cover_check(path text, function oid)
    returns void language plpgsql stable
    set search_path = pg_catalog, pg_temp
as $$
declare
    signature constant text := crier.function_signature(function);
    names constant text[] := array(
        select a->>'name' from jsonb_array_elements(crier.function_parameters(function, path)) a);
    wrong text;
begin
    /* Whether a function has an argument for every parameter of a path: raises which it lacks. */
    select t.parameter into wrong
    from crier.template_parts(path) t
    where t.parameter <> all (names) limit 1;
    if wrong is not null then
        perform crier.fail('CR022', format('%s has no argument for {%s}', signature, wrong),
            format('Its arguments are %s.', coalesce(nullif(array_to_string(names, ', '), ''), 'none')),
            'Call the parameter in the path like the argument, without one leading _ or p_.');
    end if;
end
$$;
comment on function crier.cover_check(text, oid) is
    'Private: raises which parameter of a path a function has no argument for.';
revoke all on function crier.cover_check(text, oid) from public;
