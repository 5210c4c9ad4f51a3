create or replace function crier.response_head(answer crier.response)
    returns text language plpgsql immutable
    set search_path = pg_catalog, pg_temp
as $$
declare
    wrong text;
    head text;
begin
    /* The headers of an answer, a line each: name, colon, value. Raises for what is not a header, or
       is the relay's to set. */
    if jsonb_typeof(answer.headers) <> 'object' then
        raise exception using errcode = 'CR081', message = 'the headers of an answer are no object',
            hint = 'Give a JSON object of names and values, or NULL.';
    end if;
    with given as (
        select lower(h.name) as name, btrim(v.value) as value, h.kind
        from (select e.key, e.value, jsonb_typeof(e.value) from jsonb_each(answer.headers) e)
            as h(name, value, kind)
        cross join lateral jsonb_array_elements_text(
            case h.kind when 'array' then h.value else jsonb_build_array(h.value) end) as v(value)
        where v.value is not null),
    all_of_them as (
        select name, value, kind from given
        union all
        select 'content-type', case when answer.bytes is null then 'application/json'
                                    else 'application/octet-stream' end, 'string'
        where coalesce(answer.body, answer.bytes::text) is not null
          and not exists (select from given where name = 'content-type'))
    select min(format('%L', a.name)) filter (where a.name !~ '^[a-z0-9!#$%&''*+.^_`|~-]{1,100}$'
            or a.name in ('connection', 'keep-alive', 'proxy-connection', 'transfer-encoding', 'te',
                'trailer', 'upgrade', 'content-length', 'date', 'server')
            or a.kind = 'object' or a.value ~ '[\x01-\x1f\x7f-\x9f]'),
        string_agg(a.name || ':' || a.value, E'\n')
    into wrong, head
    from all_of_them a;
    if wrong is not null then
        raise exception using errcode = 'CR081', message = format('an answer cannot have the header %s', wrong),
            hint = 'Names are HTTP tokens, values text without control characters; framing is the relay''s.';
    elsif octet_length(head) > 16384 then
        raise exception using errcode = 'CR082', message = 'the headers of an answer are too long',
            detail = format('They have %s octets; 16384 are allowed.', octet_length(head));
    end if;
    return head;
end
$$;
comment on function crier.response_head(crier.response) is
    'Private: the headers of an answer, a line each.';
revoke all on function crier.response_head(crier.response) from public;
