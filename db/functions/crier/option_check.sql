create or replace function crier.option_check(option text, value text, fits boolean, hint text)
    returns void language plpgsql stable
    set search_path = pg_catalog, pg_temp
as $$
begin
    /* Raises when an option's value is missing or does not fit. */
    if value is null or not fits then
        perform crier.fail('CR040', format('%s is out of range', option),
            format('%s is %s.', option, quote_nullable(value)), hint);
    end if;
end
$$;
comment on function crier.option_check(text, text, boolean, text) is
    'Private: raises when an option''s value is missing or does not fit.';
revoke all on function crier.option_check(text, text, boolean, text) from public;
