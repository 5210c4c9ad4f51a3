create or replace function crier.explain_function(route crier.routes)
    returns setof crier.finding language plpgsql stable
    set search_path = pg_catalog, pg_temp
as $$
declare
    again constant text := 'Create the function as it was declared, or declare the route again '
        'with crier.' || route.kind || ', or end it with crier.unroute.';
    document constant oid := crier.function_stored(route.function);
    topic constant oid := crier.function_stored(route.topic);
    pieces jsonb; -- as they would be declared today
    gone text;
    hint text;
begin
    /* Whether a route's functions are still what was declared. */
    select s.signature into gone
    from unnest(array[route.function, route.topic, route.call->'type'->>'signature',
        route.call->'etag'->>'signature']) as s(signature)
    where s.signature is not null and crier.function_stored(s.signature) is null limit 1;
    if gone is not null then
        return next crier.found('function', false, format('%s is gone', gone), again);
        return;
    end if;
    perform crier.function_check(document);
    if route.kind = 'action' then
        perform crier.action_check(route.path, document, route.call->>'body');
        pieces := crier.action_pieces(document, route.path, route.call->>'body');
    elsif route.kind = 'blob' then
        pieces := crier.blob_again(route, document);
    else
        perform crier.document_check(route.path, document);
        if topic is not null then
            perform crier.function_check(topic);
            perform crier.topic_check(document, topic);
        end if;
        pieces := crier.call_pieces(document, topic);
    end if;
    if pieces <> route.call then
        return next crier.found('function', false,
            format('%s has other arguments than when it was declared', route.function), again);
    else
        return next crier.found('function', true,
            concat_ws(', topic from ', route.function, route.topic), null);
    end if;
exception when others then
    if sqlstate not like 'CR%' then
        raise;
    end if;
    get stacked diagnostics hint = pg_exception_hint;
    return next crier.found('function', false, sqlerrm, hint);
end
$$;
comment on function crier.explain_function(crier.routes) is
    'Private: whether a route''s functions are still what was declared.';
revoke all on function crier.explain_function(crier.routes) from public;
