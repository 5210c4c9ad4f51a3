create or replace function crier.watch_payload(relation oid, topic text, out expression text, out pinned boolean)
    returns record language plpgsql stable
    set search_path = pg_catalog, pg_temp
as $$
declare
    literals constant text[] := regexp_split_to_array(topic, '\{[^{}]*\}');
    value record;
begin
    /* The expression that makes the payload of a row r, with every name qualified, and whether it
       depends on settings, which must then be pinned. Neither a template's literals nor encoded
       values need escapes in JSON, so the payload is put together as it is. */
    expression := quote_literal('{"topic":"' || literals[1] || case when cardinality(literals) = 1 then '"}' else '' end);
    pinned := false;
    for value in
        select m.n, a.attname, t.typtype, coalesce(nullif(t.typbasetype, 0), t.oid)::regtype::text as type
        from (select row_number() over () as n, x[1] as name from regexp_matches(topic, '\{([^{}]*)\}', 'g') x) m
        join pg_attribute a on a.attrelid = relation and a.attname = m.name and not a.attisdropped
        join pg_type t on t.oid = a.atttypid
        order by m.n
    loop
        expression := expression || format(
            case when value.type in ('smallint', 'integer', 'bigint', 'oid', 'boolean', 'uuid')
                 then ' operator(pg_catalog.||) r.%I::pg_catalog.text'
                 else ' operator(pg_catalog.||) crier.encode(r.%I::pg_catalog.text)' end, value.attname);
        expression := expression || format(' operator(pg_catalog.||) %L',
            literals[value.n + 1] || case when value.n + 1 = cardinality(literals) then '"}' else '' end);
        pinned := pinned or value.typtype <> 'e' and value.type not in ('smallint', 'integer', 'bigint',
            'oid', 'boolean', 'uuid', 'numeric', 'text', 'character varying', 'character', 'name');
    end loop;
end
$$;
comment on function crier.watch_payload(oid, text) is 'Private: the expression that makes the payload of a row.';
revoke all on function crier.watch_payload(oid, text) from public;
