create or replace function crier.arguments_check(function oid)
    returns void language plpgsql stable
    set search_path = pg_catalog, pg_temp
as $$
declare
    signature constant text := crier.function_signature(function);
    p pg_proc;
    wrong text;
begin
    /* Whether every argument of a function has a name and a type of its own that a URL can give:
       raises why not. */
    select * into p from pg_proc where oid = arguments_check.function;
    select min(a.n) into wrong
    from generate_series(1, p.pronargs) as a(n)
    where coalesce(p.proargnames[a.n], '') in ('', '_', 'p_');
    if wrong is not null then
        perform crier.fail('CR017', format('argument %s of %s has no name', wrong, signature),
            'Arguments are matched by name, without one leading _ or p_.',
            'Give every argument a name.');
    end if;
    select string_agg(quote_ident(a.name), ' and ') into wrong
    from unnest(p.proargnames) as a(name)
    group by regexp_replace(a.name, '^(_|p_)', '') having count(*) > 1;
    if wrong is not null then
        perform crier.fail('CR018', format('two arguments of %s are one in a URL', signature),
            format('One leading _ or p_ is dropped from %s.', wrong), 'Rename one of them.');
    end if;
    select quote_ident(a.name) into wrong
    from unnest(p.proargnames) as a(name)
    where regexp_replace(a.name, '^(_|p_)', '') like '\_%' limit 1;
    if wrong is not null then
        perform crier.fail('CR019', format('the argument %s of %s is reserved', wrong, signature),
            'Names in a URL that begin with _ belong to the relay, and it begins with one even '
            'after one leading _ or p_ is dropped.', 'Rename the argument.');
    end if;
    select format('%I %s', p.proargnames[a.n], format_type(a.type, null)) into wrong
    from unnest(p.proargtypes::oid[]) with ordinality as a(type, n)
    join pg_type t on t.oid = a.type
    where t.typtype = 'p' limit 1;
    if wrong is not null then
        perform crier.fail('CR020', format('the argument %s of %s has no definite type', wrong, signature),
            'A value from a URL cannot be cast to a pseudo-type.',
            'Declare the argument with a concrete type.');
    end if;
end
$$;
comment on function crier.arguments_check(oid) is
    'Private: raises why a URL cannot give a function''s arguments.';
revoke all on function crier.arguments_check(oid) from public;
