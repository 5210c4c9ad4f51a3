create or replace function crier.route_check(
        path text, event text, inline boolean, min_interval interval, reread interval, max_bytes bigint)
    returns void language plpgsql stable
    set search_path = pg_catalog, pg_temp
as $$
declare
    wrong text;
begin
    /* Whether a route's path and options are in order: raises what is not. */
    perform crier.template_parts(path);
    if path not like '/%' then
        perform crier.fail('CR001', format('malformed path %s', quote_literal(path)),
            'It does not begin with a slash.', 'Write it as the URL''s path: /api/posts/{id}.');
    end if;
    select t.parameter into wrong from crier.template_parts(path) t
    where t.parameter is not null group by t.parameter having count(*) > 1;
    if wrong is not null then
        perform crier.fail('CR001', format('malformed path %s', quote_literal(path)),
            format('{%s} appears twice.', wrong), 'Give each parameter a name of its own.');
    end if;
    select r.path into wrong from crier.routes r
    where r.method = 'GET' and r.path <> route_check.path
      and regexp_replace(r.path, '\{[^{}]*\}', '{}', 'g') = regexp_replace(route_check.path, '\{[^{}]*\}', '{}', 'g');
    if wrong is not null then
        perform crier.fail('CR002', format('there is a route of the same shape, %s', wrong),
            'Names of parameters do not tell two paths apart.',
            format('Unroute it first: select crier.unroute(%s), or declare %1$s again.', quote_literal(wrong)));
    end if;
    if event is null or event !~ '^[^[:cntrl:]]{1,100}$' or event = 'gone' then
        perform crier.fail('CR040', 'the event''s name is out of range',
            format('event is %s.', quote_nullable(event)),
            'Give 1 to 100 characters without control characters; gone is the relay''s own.');
    elsif inline is null then
        perform crier.fail('CR040', 'inline is missing', 'inline is NULL.', 'Give true or false.');
    elsif min_interval is null or not min_interval between '0' and '1 hour' then
        perform crier.fail('CR040', 'min_interval is out of range', format('min_interval is %s.', quote_nullable(min_interval)),
            'Give 0 (every change at once) to 1 hour.');
    elsif reread is null or not reread between '1 second' and '1 day' then
        perform crier.fail('CR040', 'reread is out of range', format('reread is %s.', quote_nullable(reread)),
            'Give 1 second to 1 day.');
    elsif max_bytes is null or not max_bytes between 1 and 1073741823 then
        perform crier.fail('CR040', 'max_bytes is out of range', format('max_bytes is %s.', quote_nullable(max_bytes)),
            'Give 1 to 1073741823 octets; PostgreSQL itself holds no longer value.');
    end if;
end
$$;
comment on function crier.route_check(text, text, boolean, interval, interval, bigint) is
    'Private: raises what is wrong with a route''s path and options.';
revoke all on function crier.route_check(text, text, boolean, interval, interval, bigint) from public;
