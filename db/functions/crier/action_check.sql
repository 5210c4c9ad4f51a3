create or replace function crier.action_check(path text, function oid, body text)
    returns void language plpgsql stable
    set search_path = pg_catalog, pg_temp
as $$
declare
    signature constant text := crier.function_signature(function);
    whole constant text := crier.body_argument(function, path, body);
    result constant regtype := (select p.prorettype from pg_proc p where p.oid = function);
begin
    /* Whether a function fits a path as a write: raises why not. */
    perform crier.cover_check(path, function);
    if result not in ('void'::regtype, 'json'::regtype, 'jsonb'::regtype, 'crier.json_text'::regtype,
            'crier.response'::regtype) then
        perform crier.fail('CR025', format('%s returns nothing that can be answered', signature),
            format('It returns %s.', result),
            'Let it return void, json, jsonb, crier.json_text, or crier.response for a status of its own.');
    end if;
    if whole is not null and not exists (
            select from jsonb_array_elements(crier.function_parameters(function, path)) a
            where a->>'name' = whole and a->>'in' <> 'path'
              and a->>'type' in ('bytea', 'json', 'jsonb')) then
        perform crier.fail('CR026', format('%s cannot get the whole body in %I', signature, whole),
            'It is no argument outside the path of type bytea, json or jsonb.',
            'Name such an argument, or leave the option body out.');
    end if;
end
$$;
comment on function crier.action_check(text, oid, text) is
    'Private: raises why a function does not fit a path as a write.';
revoke all on function crier.action_check(text, oid, text) from public;
