create or replace function crier.template_parts(template text)
    returns table (n integer, literal text, parameter text)
    language plpgsql immutable
    set search_path = pg_catalog, pg_temp
as $$
declare
    hint constant text := 'Write segments between slashes, each either {name} or of the characters '
        'A-Z a-z 0-9 . _ ~ ! $ & '' ( ) * + , ; = : @ -; at most 32 segments and 1,000 octets.';
    segments text[] := regexp_split_to_array(regexp_replace(template, '^/', ''), '/');
    wrong text;
begin
    /* Divides a template into its segments: a literal or a parameter each. A leading slash makes
       no segment of its own. Raises CR001 when the template is malformed. */
    if template is null then
        perform crier.fail('CR001', 'a template is missing', 'The template is NULL.', hint);
    end if;
    if octet_length(template) > 1000 or cardinality(segments) > 32 then
        perform crier.fail('CR001', 'a template is too long',
            format('It has %s octets in %s segments.', octet_length(template), cardinality(segments)),
            hint);
    end if;
    select s.text into wrong
    from unnest(segments) as s(text)
    where s.text !~ '^(\{[^{}/"\\[:cntrl:]]+\}|[A-Za-z0-9._~!$&''()*+,;=:@-]+)$'
       or s.text in ('.', '..') limit 1;
    if found then
        perform crier.fail('CR001', format('malformed template %s', quote_literal(template)),
            format('%s is not a segment.', quote_literal(wrong)), hint);
    end if;
    return query
        select s.n::integer,
            case when s.text not like '{%' then s.text end,
            case when s.text like '{%' then btrim(s.text, '{}') end
        from unnest(segments) with ordinality as s(text, n);
end
$$;
comment on function crier.template_parts(text) is 'Private: the segments of a template, a literal or a parameter each.';
revoke all on function crier.template_parts(text) from public;
