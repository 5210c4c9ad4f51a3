create or replace function crier.method_check(method text)
    returns void language plpgsql stable
    set search_path = pg_catalog, pg_temp
as $$
begin
    /* Whether a write can have this method: raises that it cannot. */
    if upper(method) in ('POST', 'PUT', 'PATCH', 'DELETE') then
        return;
    end if;
    perform crier.fail('CR003', format('%s is no method of a write', coalesce(quote_literal(method), 'NULL')),
        'GET reads and never writes; HEAD and OPTIONS are the relay''s.',
        'Give POST, PUT, PATCH or DELETE; crier.live and crier.blob declare what GET answers.');
end
$$;
comment on function crier.method_check(text) is 'Private: raises what is wrong with a write''s method.';
revoke all on function crier.method_check(text) from public;
