create or replace function crier.function_check(function oid)
    returns void language plpgsql stable
    set search_path = pg_catalog, pg_temp
as $$
declare
    p pg_proc;
    signature constant text := crier.function_signature(function);
    wrong text;
begin
    /* Whether a function can be called by name with values from a URL: raises what stands against it. */
    select * into p from pg_proc where oid = function_check.function;
    if p.prokind <> 'f' then
        perform crier.fail('CR013', format('%s is not a plain function', signature),
            format('It is %s.', case p.prokind when 'p' then 'a procedure' when 'a' then 'an aggregate' else 'a window function' end),
            'Name a function; one that calls this can be written in a few lines.');
    elsif exists (select from pg_namespace n where n.oid = p.pronamespace and n.nspname like 'pg\_temp\_%') then
        perform crier.fail('CR024', format('%s is temporary', signature),
            'Only this session sees it, never a relay.', 'Create the function in a lasting schema.');
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
    select min(a.n::text) into wrong
    from generate_series(1, p.pronargs) as a(n)
    where coalesce(p.proargnames[a.n], '') in ('', '_', 'p_');
    if wrong is not null then
        perform crier.fail('CR017', format('argument %s of %s has no name', wrong, signature),
            'Arguments are matched by name, without one leading _ or p_.', 'Give every argument a name.');
    end if;
    select string_agg(quote_ident(a.name), ' and ') into wrong
    from unnest(p.proargnames) as a(name)
    group by regexp_replace(a.name, '^(_|p_)', '') having count(*) > 1;
    if wrong is not null then
        perform crier.fail('CR018', format('two arguments of %s have the same name in a URL', signature),
            format('One leading _ or p_ is dropped from %s.', wrong), 'Rename one of them.');
    end if;
    select quote_ident(a.name) into wrong
    from unnest(p.proargnames) as a(name)
    where regexp_replace(a.name, '^(_|p_)', '') ~ '^_' limit 1;
    if wrong is not null then
        perform crier.fail('CR019', format('the argument %s of %s is reserved', wrong, signature),
            'Names that begin with _ in a URL belong to the relay; one leading _ or p_ has been dropped already.',
            'Rename the argument.');
    end if;
    select format('%I %s', p.proargnames[a.n], format_type(a.type, null)) into wrong
    from unnest(p.proargtypes::oid[]) with ordinality as a(type, n)
    join pg_type t on t.oid = a.type
    where t.typtype = 'p' limit 1;
    if wrong is not null then
        perform crier.fail('CR020', format('the argument %s of %s has no definite type', wrong, signature),
            'A value from a URL cannot be cast to a pseudo-type.', 'Declare the argument with a concrete type.');
    end if;
    select crier.function_signature(q.oid) into wrong
    from pg_proc q
    where q.oid <> p.oid and q.pronamespace = p.pronamespace and q.proname = p.proname
      and q.provariadic = 0 and crier.functions_collide(p.oid, q.oid) limit 1;
    if wrong is not null then
        perform crier.fail('CR021', format('a call by name cannot tell %s from %s', signature, wrong),
            'Both accept the same names, with the same types, when optional arguments are left out.',
            'Rename one of the functions, or give an argument another name or no default.');
    end if;
end
$$;
comment on function crier.function_check(oid) is 'Private: raises what stands against calling a function by name with values from a URL.';
revoke all on function crier.function_check(oid) from public;
