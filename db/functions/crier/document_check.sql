create or replace function crier.document_check(path text, function oid)
    returns void language plpgsql stable
    set search_path = pg_catalog, pg_temp
as $$
declare
    signature constant text := crier.function_signature(function);
    names constant text[] := array(
        select a->>'name' from jsonb_array_elements(crier.function_parameters(function, path)) a);
    result constant regtype := (select p.prorettype from pg_proc p where p.oid = function);
    wrong text;
begin
    /* Whether a function fits a path as its document: raises why not. */
    select t.parameter into wrong
    from crier.template_parts(path) t
    where t.parameter <> all (names) limit 1;
    if wrong is not null then
        perform crier.fail('CR022', format('%s has no argument for {%s}', signature, wrong),
            format('Its arguments are %s.', coalesce(nullif(array_to_string(names, ', '), ''), 'none')),
            'Call the parameter in the path like the argument, without one leading _ or p_.');
    end if;
    if result not in ('json'::regtype, 'jsonb'::regtype, 'crier.json_text'::regtype) then
        perform crier.fail('CR023', format('%s does not return JSON', signature),
            format('It returns %s.', result),
            'Let it return json, jsonb, or crier.json_text for text that it vouches for.');
    end if;
end
$$;
comment on function crier.document_check(text, oid) is
    'Private: raises why a function does not fit a path as its document.';
revoke all on function crier.document_check(text, oid) from public;
