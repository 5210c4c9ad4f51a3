create or replace function crier.route_check(
        path text,
        event text,
        inline boolean,
        min_interval interval,
        reread interval,
        max_bytes bigint)
    returns void language plpgsql stable
    set search_path = pg_catalog, pg_temp
as $$
begin
    /* Whether a route's path and options are in order: raises what is not. */
    perform crier.path_check('GET', path);
    perform crier.option_check('event', event,
        event ~ '^[^[:cntrl:]]{1,100}$' and event not in ('gone', 'gap'),
        'Give 1 to 100 characters without control characters; gone and gap are the relay''s own.');
    perform crier.option_check('inline', inline::text, true, 'Give true or false.');
    perform crier.option_check('min_interval', min_interval::text,
        min_interval between '0' and '1 hour', 'Give 0 (every change at once) to 1 hour.');
    perform crier.option_check('reread', reread::text,
        reread between '1 second' and '1 day', 'Give 1 second to 1 day.');
    perform crier.option_check('max_bytes', max_bytes::text,
        max_bytes between 1 and 1073741823, 'Give 1 to 1073741823, the longest value there can be.');
end
$$;
comment on function crier.route_check(text, text, boolean, interval, interval, bigint) is
    'Private: raises what is wrong with a route''s path and options.';
revoke all on function crier.route_check(text, text, boolean, interval, interval, bigint)
    from public;
