create or replace function crier.encode_octets(value text)
    returns text language sql immutable strict parallel safe
    set search_path = pg_catalog, pg_temp
as $$
    /* The slow way of crier.encode: every octet one by one, the unreserved ones as they are. */
    select string_agg(
        case when o.hex ~ '^(2d|2e|3[0-9]|4[1-9a-f]|5[0-9af]|6[1-9a-f]|7[0-9ae])$'
             then convert_from(decode(o.hex, 'hex'), 'UTF8')
             else '%' || upper(o.hex) end, '' order by o.n)
    from regexp_split_to_table(
        regexp_replace(
            encode(convert_to(encode_octets.value, 'UTF8'), 'hex'), '(..)(?!$)', '\1 ', 'g'),
        ' ') with ordinality as o(hex, n);
$$;
comment on function crier.encode_octets(text) is 'Private: crier.encode for values that need it.';
