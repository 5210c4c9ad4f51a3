create or replace function crier.path_fill(template text, names text[], spelled text[])
    returns text language sql immutable
    set search_path = pg_catalog, pg_temp
as $$
    /* A template filled with values, and a query of those that it does not name, in their order. */
    with arguments as (
        select a.name, crier.encode(a.value) as value, a.n
        from unnest(names, spelled) with ordinality as a(name, value, n)),
    path as (
        select string_agg('/' || coalesce(t.literal, a.value), '' order by t.n) as text
        from crier.template_parts(template) t left join arguments a on a.name = t.parameter),
    query as (
        select string_agg(crier.encode(a.name) || '=' || a.value, '&' order by a.n) as text
        from arguments a
        where a.name not in (select t.parameter from crier.template_parts(template) t
                             where t.parameter is not null))
    select concat_ws('?', path.text, query.text) from path, query;
$$;
comment on function crier.path_fill(text, text[], text[]) is
    'Private: a template filled with values, and a query of the others.';
revoke all on function crier.path_fill(text, text[], text[]) from public;
