create or replace function crier.watch_source(relation oid, topic text, out body text, out pinned boolean)
    returns record language plpgsql stable
    set search_path = pg_catalog, pg_temp
as $$
declare
    literals constant text[] := regexp_split_to_array(topic, '\{[^{}]*\}');
    payload text := format('%L', '{"topic":"' || literals[1]);
    whole constant text := quote_literal(
        case when cardinality(literals) = 1 then '{"topic":' else '{"template":' end || to_json(topic) || '}');
    source constant text := 'select array_agg(t.payload), max(octet_length(t.payload)) into payloads, longest';
    value record;
begin
    /* The body of a watch's trigger function, and whether its columns' spelling depends on settings,
       so that these must be pinned. The body is static, looks nothing up, takes no lock and never
       raises: writers neither fail nor wait because of it. Literals of a template need no escapes
       in JSON, and encoded values do not either, so a payload is put together as it is. */
    pinned := false;
    for value in
        select m.n + 1 as n, a.attname, coalesce(nullif(b.typbasetype, 0), b.oid)::regtype as type, b.typtype
        from (select row_number() over () as n, x[1] as name from regexp_matches(topic, '\{([^{}]*)\}', 'g') x) m
        join pg_attribute a on a.attrelid = relation and a.attname = m.name and not a.attisdropped
        join pg_type b on b.oid = a.atttypid
        order by m.n
    loop
        payload := payload || format(
            case when value.type in ('int2'::regtype, 'int4'::regtype, 'int8'::regtype, 'oid'::regtype,
                                     'bool'::regtype, 'uuid'::regtype)
                 then ' || r.%I::text' else ' || crier.encode(r.%I::text)' end || ' || %L',
            value.attname, literals[value.n]);
        pinned := pinned or value.typtype <> 'e' and value.type not in (
            'int2'::regtype, 'int4'::regtype, 'int8'::regtype, 'oid'::regtype, 'bool'::regtype,
            'uuid'::regtype, 'text'::regtype, 'varchar'::regtype, 'bpchar'::regtype, 'name'::regtype,
            'numeric'::regtype);
    end loop;
    payload := payload || format(' || %L', '"}');
    body := format($body$
declare
    payloads text[];
    longest integer;
begin
    /* Generated: crier.watch(%1$s, %2$s). One notification per distinct topic of the rows that
       changed; more than 1,000 topics, one of more than 1,000 octets, or TRUNCATE: one for all. */
    if current_setting('crier.off', true) = 'on' then
        return null;
    elsif tg_op = 'INSERT' then
        select array_agg(t.payload) filter (where t.payload is not null), max(octet_length(t.payload))
        into payloads, longest
        from (select distinct %3$s from new_rows r limit 1002) as t(payload);
    elsif tg_op = 'UPDATE' then
        select array_agg(t.payload) filter (where t.payload is not null), max(octet_length(t.payload))
        into payloads, longest
        from (select %3$s from old_rows r union select %3$s from new_rows r limit 1002) as t(payload);
    elsif tg_op = 'DELETE' then
        select array_agg(t.payload) filter (where t.payload is not null), max(octet_length(t.payload))
        into payloads, longest
        from (select distinct %3$s from old_rows r limit 1002) as t(payload);
    end if;
    if tg_op = 'TRUNCATE' or cardinality(payloads) > 1000 or longest > 1012 then
        perform crier.notify(%4$s);
    else
        perform crier.notify(t.payload) from unnest(payloads) as t(payload);
    end if;
    return null;
exception when others then
    /* Such as a column that was dropped: crier.explain tells. */
    perform crier.notify(%4$s);
    return null;
end
$body$, quote_literal(relation::regclass), quote_literal(topic), payload, whole);
end
$$;
comment on function crier.watch_source(oid, text) is 'Private: the body of a watch''s trigger function.';
revoke all on function crier.watch_source(oid, text) from public;
