create or replace function crier.topic_check(document oid, topic oid)
    returns void language plpgsql stable
    set search_path = pg_catalog, pg_temp
as $$
declare
    signature constant text := crier.function_signature(topic);
    result constant regtype := (select p.prorettype from pg_proc p where p.oid = topic);
    wrong text;
begin
    /* Whether a function beside a document or blob (for its topic, its media type, say) can be called with
       the same arguments, or some of them: raises why not. What the first may go without, it must be
       able to go without too. */
    if result <> 'text'::regtype then
        perform crier.fail('CR031', format('%s does not return text', signature),
            format('It returns %s.', result), 'Let it return text.');
    end if;
    select format('%s %s', t->>'argument', t->>'type') into wrong
    from jsonb_array_elements(crier.function_parameters(topic, '/x')) t
    where not exists (
        select from jsonb_array_elements(crier.function_parameters(document, '/x')) d
        where d->>'name' = t->>'name' and d->>'type' = t->>'type'
          and (d->'required' = 'true' or t->'required' = 'false')) limit 1;
    if wrong is not null then
        perform crier.fail('CR030',
            format('%s cannot be called like %s', signature, crier.function_signature(document)),
            format('%s has no counterpart of the same name and type that is always given.', wrong),
            'Give it arguments of the same names and types; '
            'those with a default need one there too.');
    end if;
end
$$;
comment on function crier.topic_check(oid, oid) is
    'Private: raises why a function cannot be called with another one''s arguments for a text.';
revoke all on function crier.topic_check(oid, oid) from public;
