create or replace function crier.path_check(method text, path text)
    returns void language plpgsql stable
    set search_path = pg_catalog, pg_temp
as $$
declare
    wrong text;
begin
    /* Whether a route's path is in order: raises what is not. */
    perform crier.template_parts(path);
    if path not like '/%' then
        perform crier.fail('CR001', format('malformed path %s', quote_literal(path)),
            'It does not begin with a slash.', 'Write it as the URL''s path: /api/posts/{id}.');
    end if;
    select t.parameter into wrong
    from crier.template_parts(path) t
    where t.parameter is not null group by t.parameter having count(*) > 1;
    if wrong is not null then
        perform crier.fail('CR001', format('malformed path %s', quote_literal(path)),
            format('{%s} appears twice.', wrong), 'Give each parameter a name of its own.');
    end if;
    select t.literal into wrong from crier.template_parts(path) t where t.literal ~ '^:[A-Za-z_]' limit 1;
    if found then -- other routers' parameter, which here would match itself alone
        perform crier.fail('CR001', format('malformed path %s', quote_literal(path)),
            format('%s is not a parameter.', quote_literal(wrong)),
            format('Write it in braces: {%s}.', substr(wrong, 2)));
    end if;
    select r.path into wrong -- by the index routes_shape, or hundreds at once take quadratic time
    from crier.routes r
    where r.method = path_check.method and r.path <> path_check.path
      and regexp_replace(r.path, '\{[^{}]*\}', '{}', 'g')
        = regexp_replace(path_check.path, '\{[^{}]*\}', '{}', 'g');
    if wrong is not null then
        perform crier.fail('CR002', format('there is a route of the same shape, %s', wrong),
            'Names of parameters do not tell two paths apart.',
            format('Declare %L again, or unroute it first: select crier.unroute(%1$L);', wrong));
    end if;
end
$$;
comment on function crier.path_check(text, text) is 'Private: raises what is wrong with a route''s path.';
revoke all on function crier.path_check(text, text) from public;
