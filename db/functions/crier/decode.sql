create or replace function crier.decode(value text, plus_is_space boolean default false)
    returns text language sql immutable strict parallel safe
    set search_path = pg_catalog, pg_temp
as $$
    /* What a percent-encoded part of a URL means. Wrong escapes and wrong UTF-8 raise class 22. */
    select convert_from(string_agg(case
            when p.part like '\%%' then pg_catalog.decode(substr(p.part, 2), 'hex')
            else convert_to(p.part, 'UTF8') end, '' order by p.n), 'UTF8')
    from regexp_split_to_table(
        regexp_replace(
            case when plus_is_space then replace(decode.value, '+', ' ') else decode.value end,
            '(%..)', E'\x01\\1\x01', 'g'), E'\x01') with ordinality as p(part, n);
$$;
comment on function crier.decode(text, boolean) is 'Private: decodes a percent-encoded part of a URL.';
revoke all on function crier.decode(text, boolean) from public;
