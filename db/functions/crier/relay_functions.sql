create or replace function crier.relay_functions()
    returns regprocedure[] language sql stable
    set search_path = pg_catalog, pg_temp
as $$
    /* What a relay calls, and what that calls in its role: crier.grant_relay grants it, and explain
       looks whether it is granted. */
    select array[
        'crier.version()', 'crier.relay_routes()', 'crier.resolve(integer, json)',
        'crier.read(integer, json)', 'crier.build(jsonb, json)', 'crier.relay_secret()',
        'crier.relay_report(uuid, json, json)', 'crier.relay_stop(uuid)',
        'crier.refresh_watches()', 'crier.encode(text)', 'crier.encode_octets(text)',
        'crier.template_parts(text)', 'crier.items(json)', 'crier.argument_fits(jsonb, json)',
        'crier.arguments_refuse(jsonb, json)', 'crier.conversion_refuse(jsonb, jsonb, json)',
        'crier.path_fill(text, text[], text[])', 'crier.act(integer, json, json, bytea, json)',
        'crier.action_values(jsonb, jsonb, jsonb, boolean)',
        'crier.argument(jsonb, text, text, boolean, anyelement)',
        'crier.argument_items(jsonb, text, boolean)', 'crier.body_json(bytea)',
        'crier.response_of(crier.response, bigint)', 'crier.response_head(crier.response)',
        'crier.announce(text, text, json)', 'crier.blob_head(integer, json, integer)',
        'crier.blob_query(integer, jsonb)',
        'crier.blob_window(integer, json, integer, integer, text, bytea)',
        'crier.blob_call(jsonb, jsonb)', 'crier.blob_slice(bytea, integer)',
        'crier.blob_etag(integer, text, text, bytea)', 'crier.is_media_type(text)']::regprocedure[];
$$;
comment on function crier.relay_functions() is 'Private: the functions that a relay''s role must be allowed to call.';
revoke all on function crier.relay_functions() from public;
