create or replace function crier.action(
        method text,
        path text,
        function text,
        body text default null)
    returns integer language plpgsql volatile
as $$
declare
    function_oid oid;
begin
    /* Declares a write: a method of a path that calls the function. Declaring the same again
       changes the route in place. Not pinned, so that an unqualified name of a function means what
       it means to the caller. */
    function_oid := crier.function_named(function);
    perform crier.method_check(method);
    perform crier.path_check(pg_catalog.upper(method), path);
    perform crier.function_check(function_oid);
    perform crier.action_check(path, function_oid, body);
    return crier.action_store(pg_catalog.upper(method), path, function_oid, body);
end
$$;
comment on function crier.action(text, text, text, text) is
    'Declares a write: crier.action(''POST'', ''/api/posts'', ''feeds.create_post(text,text,text)''). Method is POST, PUT, PATCH or DELETE. The function returns void (204), JSON (200) or crier.response; NULL is 404.
Its arguments come from the path, else from the query, else from the body''s JSON object or form fields. But a function with exactly one bytea argument outside the path, or else with exactly one json or jsonb, gets the whole body there, and everything else from path and query. The option body names that argument where the rule would choose another; body => '''' means that none gets the whole body.';
revoke all on function crier.action(text, text, text, text) from public;
