create or replace function crier.decode(value text, plus_is_space boolean default false)
    returns text language sql immutable strict parallel safe
    set search_path = pg_catalog, pg_temp
as $$
    /* What a percent-encoded part of a URL means. Wrong escapes and wrong UTF-8 raise class 22. */
    select coalesce(convert_from(string_agg(case
            when p.part[1] like '\%%' then pg_catalog.decode(substr(p.part[1], 2), 'hex')
            else convert_to(p.part[1], 'UTF8') end, '' order by p.n), 'UTF8'), '')
    from regexp_matches(
        case when plus_is_space then replace(decode.value, '+', ' ') else decode.value end,
        '%.{0,2}|[^%]+', 'g') with ordinality as p(part, n);
$$;
comment on function crier.decode(text, boolean) is 'Private: decodes a percent-encoded part of a URL.';
revoke all on function crier.decode(text, boolean) from public;
