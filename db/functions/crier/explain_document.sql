create or replace function crier.explain_document(route crier.routes, arguments json, out findings crier.finding[], out key text, out topic text)
    returns record language plpgsql volatile
    set search_path = pg_catalog, pg_temp
as $$
declare
    result record;
begin
    /* Whether a route gives a document for these arguments; its key and its topic. */
    begin
        key := crier.resolve(route.id, arguments);
    exception when others then
        findings := array[crier.found('arguments', false, format('%s (SQLSTATE %s)', sqlerrm, sqlstate),
            format('The arguments are %s.', (
                select string_agg(format('%s %s%s', p->>'name', p->>'type', case when p->'required' = 'true' then '' else ', optional' end), '; ')
                from jsonb_array_elements(route.parameters) p)))];
        return;
    end;
    findings := array[crier.found('arguments', true, format('the key is %s', key), null)];
    select * into result from crier.try_read(route.id, arguments, null);
    findings := findings || case
        when result.state is not null then
            crier.found('document', false, format('the function raises %s (SQLSTATE %s)', result.message, result.state),
                case result.state
                    when '25006' then 'Documents are read in read-only transactions: the function must not write.'
                    else format('Try it in psql: select %s(...).', route.call->>'document') end)
        when result.document is null then
            crier.found('document', false, 'the function returns NULL for these arguments', 'NULL is answered with 404, and ends streams; is there such a row?')
        when octet_length(result.document) > route.max_bytes then
            crier.found('document', false, format('the document has %s octets, more than max_bytes, %s', octet_length(result.document), route.max_bytes),
                'Declare the route again with a larger max_bytes.')
        when not crier.is_json(result.document) then
            crier.found('document', false, 'the text is no JSON', 'The function returns crier.json_text, so it must vouch for the text.')
        else
            crier.found('document', true, format('%s octets in %s ms', octet_length(result.document), result.milliseconds), null)
        end;
    if result.state is null then
        topic := case when route.topic is null then split_part(key, '?', 1) else result.topic end;
        findings := findings || case when topic is null
            then crier.found('topic', false, format('%s returns NULL for these arguments', route.topic), 'Without a topic no notification reaches the document.')
            else crier.found('topic', true, topic, null) end;
    end if;
end
$$;
comment on function crier.explain_document(crier.routes, json) is 'Private: whether a route gives a document for these arguments.';
revoke all on function crier.explain_document(crier.routes, json) from public;
