create or replace function crier.watch_payload(
        relation oid,
        topic text,
        out payload text,
        out columns text,
        out present text,
        out pinned boolean)
    returns record language plpgsql stable
    set search_path = pg_catalog, pg_temp
as $$
declare
    literals text[] := regexp_split_to_array(topic, '\{[^{}]*\}');
    value record;
begin
    /* The pieces of a watch's queries, with every name qualified: the columns of a row r that fill
       the template, as text v.c1, v.c2...; the condition that none is NULL; the payload made of them;
       and whether their spelling depends on settings, which must then be pinned. The collation is
       given, or columns of two collations could not be compared, and one that ignores case would
       make two topics one. Numbers are encoded as well: their column may be text a moment later.
       Neither a template's literals nor encoded values need escapes in JSON, so the payload is put
       together as it is. */
    literals[1] := '{"topic":"' || literals[1];
    literals[cardinality(literals)] := literals[cardinality(literals)] || '"}';
    payload := quote_literal(literals[1]);
    columns := '';
    present := '';
    pinned := false;
    for value in
        select m.n, a.attname, t.typtype,
            coalesce(nullif(t.typbasetype, 0), t.oid)::regtype::text as type
        from regexp_matches(topic, '\{([^{}]*)\}', 'g') with ordinality as m(name, n)
        join pg_attribute a on a.attrelid = relation and a.attname = m.name[1] and not a.attisdropped
        join pg_type t on t.oid = a.atttypid
        order by m.n
    loop
        columns := columns || format(', r.%I::pg_catalog.text collate pg_catalog."C" as c%s',
            value.attname, value.n);
        present := present || format(' and r.%I::pg_catalog.text is not null', value.attname);
        payload := payload || format(
            ' operator(pg_catalog.||) crier.encode(v.c%s) operator(pg_catalog.||) %L',
            value.n, literals[value.n + 1]);
        pinned := pinned or value.typtype <> 'e' and value.type not in (
            'smallint', 'integer', 'bigint', 'oid', 'boolean', 'uuid', 'numeric',
            'text', 'character varying', 'character', 'name');
    end loop;
    columns := coalesce(nullif(substr(columns, 3), ''), 'true as c');
    present := coalesce(nullif(substr(present, 6), ''), 'true');
end
$$;
comment on function crier.watch_payload(oid, text) is 'Private: the pieces of a watch''s queries.';
revoke all on function crier.watch_payload(oid, text) from public;
