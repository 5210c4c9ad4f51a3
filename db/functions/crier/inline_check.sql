create or replace function crier.inline_check(function oid)
    returns void language plpgsql stable
    set search_path = pg_catalog, pg_temp
as $$
declare
    p pg_proc;
    signature constant text := crier.function_signature(function);
begin
    /* Whether triggers may call a function for an inline document: raises why not. */
    select * into p from pg_proc where oid = inline_check.function;
    if p.provolatile = 'v' then
        perform crier.fail('CR033', format('%s is VOLATILE, hence cannot be inline', signature),
            'Each of its statements would see another state, and the document would be torn.',
            'Declare the function STABLE, or the route without inline.');
    elsif p.provolatile = 's' and not p.prosecdef then
        perform crier.fail('CR034', format('%s is not SECURITY DEFINER, hence cannot be inline', signature),
            'In a trigger it would not run as the relay''s role, as it does in a read.',
            'Make the function SECURITY DEFINER with a pinned search_path, or declare the route without inline.');
    end if;
end
$$;
comment on function crier.inline_check(oid) is
    'Private: raises why triggers may not call a function for an inline document.';
revoke all on function crier.inline_check(oid) from public;
