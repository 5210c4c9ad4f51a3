create or replace function crier.document_check(path text, function oid)
    returns void language plpgsql stable
    set search_path = pg_catalog, pg_temp
as $$
declare
    signature constant text := crier.function_signature(function);
    result constant regtype := (select p.prorettype from pg_proc p where p.oid = function);
begin
    /* Whether a function fits a path as its document: raises why not. */
    perform crier.cover_check(path, function);
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
