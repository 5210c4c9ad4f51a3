create or replace function crier.explain_blob(route crier.routes, arguments json)
    returns crier.finding language sql volatile
    set search_path = pg_catalog, pg_temp
as $$
    /* Whether a route gives octets for these arguments, and what telling their ETag takes. */
    select case
        when h.state = 'PT404' then
            crier.found('octets', false, 'the function returns NULL for these arguments',
                'NULL is answered with 404; is there such a row?')
        when h.state = 'PT400' then
            crier.found('octets', false, h.message, format('The arguments are %s.', (
                select string_agg(concat(p->>'name', ' ', p->>'type',
                    case when p->'required' = 'false' then ', optional' end), '; ')
                from jsonb_array_elements(route.parameters) p)))
        when h.state is not null then
            crier.found('octets', false, format('the function raises %s (SQLSTATE %s)', h.message, h.state),
                format('Try it in psql: select octet_length(%s(...)).', route.call->>'function'))
        else
            crier.found('octets', true, format('%s octets of %s in %s ms', h.length, h.type, h.milliseconds),
                case when h.compressed and h.length > 1000000 then
                    'They are stored compressed, so that a window costs all before it: alter table ... '
                    'alter column ... set storage external, and write them again.'
                     when h.by_hash and h.length > 1000000 then
                    'Each request reads them all for the ETag: the option etag spares that.' end)
        end
    from crier.try_head(route.id, arguments) h;
$$;
comment on function crier.explain_blob(crier.routes, json) is
    'Private: whether a route gives octets for these arguments.';
revoke all on function crier.explain_blob(crier.routes, json) from public;
