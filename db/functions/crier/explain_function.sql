create or replace function crier.explain_function(route crier.routes)
    returns setof crier.finding language plpgsql stable
    set search_path = pg_catalog, pg_temp
as $$
declare
    again constant text := 'Create the function as it was declared, or declare the route again '
        'with crier.live, or end it with crier.unroute.';
    document constant oid := crier.function_stored(route.function);
    topic constant oid := crier.function_stored(route.topic);
    hint text;
begin
    /* Whether a route's functions are still what was declared. */
    if document is null then
        return next crier.found('function', false, format('%s is gone', route.function), again);
        return;
    elsif route.topic is not null and topic is null then
        return next crier.found('function', false, format('%s is gone', route.topic), again);
        return;
    end if;
    perform crier.function_check(document);
    perform crier.document_check(route.path, document);
    if topic is not null then
        perform crier.function_check(topic);
        perform crier.topic_check(document, topic);
    end if;
    if crier.function_parameters(document, route.path) <> route.parameters
       or crier.call_pieces(document, topic) <> route.call then
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
