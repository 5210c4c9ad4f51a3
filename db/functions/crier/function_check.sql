create or replace function crier.function_check(function oid)
    returns void language plpgsql stable
    set search_path = pg_catalog, pg_temp
as $$
declare
    p pg_proc;
    signature constant text := crier.function_signature(function);
    other text;
begin
    /* Whether a function can be called by name with values from a URL: raises why not. */
    select * into p from pg_proc where oid = function_check.function;
    if p.prokind <> 'f' then
        perform crier.fail('CR013', format('%s is not a plain function', signature),
            format('It is %s.', case p.prokind when 'p' then 'a procedure'
                when 'a' then 'an aggregate' else 'a window function' end),
            'Name a function; one that calls this can be written in a few lines.');
    elsif p.pronamespace = pg_my_temp_schema() then
        perform crier.fail('CR024', format('%s is temporary', signature),
            'Only this session sees it, never a relay.',
            'Create the function in a lasting schema.');
    elsif p.provariadic <> 0 then
        perform crier.fail('CR014', format('%s is VARIADIC', signature),
            'A call by name cannot spread values over a VARIADIC argument.',
            'Declare the last argument as a plain array.');
    elsif p.proretset then
        perform crier.fail('CR015', format('%s returns a set', signature),
            'A document is one value.', 'Aggregate the rows, with json_agg for instance.');
    elsif p.proargmodes is not null then
        perform crier.fail('CR016', format('%s has OUT or INOUT arguments', signature),
            'A document is the function''s result.', 'Use RETURNS json instead.');
    end if;
    perform crier.arguments_check(function);
    select crier.function_signature(q.oid) into other
    from pg_proc q
    where q.oid <> p.oid and q.pronamespace = p.pronamespace and q.proname = p.proname
      and q.provariadic = 0 and crier.functions_collide(p.oid, q.oid) limit 1;
    if other is not null then
        perform crier.fail('CR021', format('a call by name cannot tell %s from %s', signature, other),
            'Both accept the same names, with the same types, when optional arguments are left out.',
            'Rename one of the functions, or give an argument another name or no default.');
    end if;
end
$$;
comment on function crier.function_check(oid) is
    'Private: raises why a function cannot be called by name with values from a URL.';
revoke all on function crier.function_check(oid) from public;
