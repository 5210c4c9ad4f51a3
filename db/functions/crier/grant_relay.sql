create or replace function crier.grant_relay(role name)
    returns void language plpgsql volatile
    set search_path = pg_catalog, pg_temp
as $$
begin
    /* Lets a login role be the relay, and nothing else: the document functions keep their own
       privileges, which crier.explain checks. Actions that run as the relay may announce,
       which is no more than NOTIFY lets anybody do. */
    if to_regrole(quote_ident(role)) is null then
        perform crier.fail('CR060',
            format('there is no role %s', coalesce(quote_ident(role), 'NULL')),
            'It is not among those that psql''s \du lists.',
            format('create role %s login; and try again.', coalesce(quote_ident(role), 'pgcrier')));
    end if;
    execute format('grant usage on schema crier to %I', role);
    execute format('grant select on crier.routes to %I', role);
    execute format('grant execute on function
        crier.version(), crier.relay_routes(), crier.resolve(integer, json), crier.read(integer, json),
        crier.build(jsonb, json), crier.relay_secret(),
        crier.relay_report(uuid, json, json), crier.relay_stop(uuid), crier.refresh_watches(),
        crier.encode(text), crier.encode_octets(text), crier.template_parts(text), crier.items(json),
        crier.argument_fits(jsonb, json), crier.arguments_refuse(jsonb, json), crier.conversion_refuse(jsonb, jsonb, json),
        crier.path_fill(text, text[], text[]),
        crier.act(integer, json, json, bytea, json), crier.action_values(jsonb, jsonb, jsonb, boolean),
        crier.argument(jsonb, text, text, boolean, anyelement),
        crier.argument_items(jsonb, text, boolean), crier.body_json(bytea),
        crier.response_of(crier.response, bigint), crier.response_head(crier.response),
        crier.announce(text, text, json),
        crier.blob_head(integer, json, integer), crier.blob_query(integer, jsonb),
        crier.blob_window(integer, json, integer, integer, text, bytea), crier.blob_call(jsonb, jsonb),
        crier.blob_slice(bytea, integer), crier.blob_etag(integer, text, text, bytea),
        crier.is_media_type(text) to %I', role);
end
$$;
comment on function crier.grant_relay(name) is
    'Gives a login role exactly what the relay needs of the schema crier. Privileges for the document functions are yours to grant.';
revoke all on function crier.grant_relay(name) from public;
