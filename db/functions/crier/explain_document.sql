create or replace function crier.explain_document(
        route crier.routes,
        arguments json,
        out findings crier.finding[],
        out key text,
        out topic text)
    returns record language plpgsql volatile
    set search_path = pg_catalog, pg_temp
as $$
declare
    result record;
    detail text;
begin
    /* Whether a route gives a document for these arguments; its key and its topic. */
    begin
        key := crier.resolve(route.id, arguments);
    exception when others then
        get stacked diagnostics detail = pg_exception_detail;
        findings := array[crier.found('arguments', false,
            format('%s (SQLSTATE %s)', concat_ws(': ', sqlerrm, nullif(detail, '')), sqlstate),
            format('The arguments are %s.', (
                select string_agg(format(case when p->'required' = 'true' then '%s %s'
                    else '%s %s, optional' end, p->>'name', p->>'type'), '; ')
                from jsonb_array_elements(route.parameters) p)))];
        return;
    end;
    select * into result from crier.try_read(route.id, arguments, null);
    findings := array[crier.found('arguments', true, format('the key is %s', key), null),
        crier.explain_result(route, result.document, result.milliseconds, result.state, result.message)];
    if result.state is null then
        topic := case when route.topic is null then split_part(key, '?', 1) else result.topic end;
        findings := findings || case when topic is not null then crier.found('topic', true, topic, null)
            else crier.found('topic', false,
                format('%s returns NULL for these arguments', route.topic),
                'Without a topic no notification reaches the document.') end;
    end if;
end
$$;
comment on function crier.explain_document(crier.routes, json) is
    'Private: whether a route gives a document for these arguments.';
revoke all on function crier.explain_document(crier.routes, json) from public;
