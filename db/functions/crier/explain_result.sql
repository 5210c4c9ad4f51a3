create or replace function crier.explain_result(
        route crier.routes, document text, milliseconds numeric, state text, message text)
    returns crier.finding language sql stable
    set search_path = pg_catalog, pg_temp
as $$
    /* Whether what crier.try_read brought is a document. */
    select case
        when state = '25006' then
            crier.found('document', false,
                format('the function raises %s (SQLSTATE %s)', message, state),
                'Documents are read in read-only transactions: the function must not write.')
        when state is not null then
            crier.found('document', false,
                format('the function raises %s (SQLSTATE %s)', message, state),
                format('Try it in psql: select %s(...).', route.call->>'document'))
        when document is null then
            crier.found('document', false, 'the function returns NULL for these arguments',
                'NULL is answered with 404, and ends streams; is there such a row?')
        when octet_length(document) > route.max_bytes then
            crier.found('document', false,
                format('the document has %s octets, more than max_bytes, %s',
                    octet_length(document), route.max_bytes),
                'Declare the route again with a larger max_bytes.')
        when not crier.is_json(document) then
            crier.found('document', false, 'the text is no JSON',
                'The function returns crier.json_text, so it must vouch for the text.')
        else
            crier.found('document', true,
                format('%s octets in %s ms', octet_length(document), milliseconds), null)
        end;
$$;
comment on function crier.explain_result(crier.routes, text, numeric, text, text) is
    'Private: whether what a read brought is a document.';
revoke all on function crier.explain_result(crier.routes, text, numeric, text, text) from public;
