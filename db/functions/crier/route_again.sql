create or replace function crier.route_again(route crier.routes)
    returns jsonb language plpgsql stable
    set search_path = pg_catalog, pg_temp
as $$
declare
    document constant oid := crier.function_stored(route.function);
    topic constant oid := crier.function_stored(route.topic);
begin
    /* How a route's functions would be called if it were declared now; raises why it could not be.
       They must be there. */
    perform crier.function_check(document);
    if route.kind = 'action' then
        perform crier.action_check(route.path, document, route.call->>'body');
        return crier.action_pieces(document, route.path, route.call->>'body');
    elsif route.kind = 'blob' then
        return crier.blob_again(route, document);
    end if;
    perform crier.document_check(route.path, document);
    if topic is not null then
        perform crier.function_check(topic);
        perform crier.topic_check(document, topic);
    end if;
    return crier.call_pieces(document, topic);
end
$$;
comment on function crier.route_again(crier.routes) is
    'Private: how a route''s functions would be called if it were declared now.';
revoke all on function crier.route_again(crier.routes) from public;
