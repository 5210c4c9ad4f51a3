/* Installs the schema crier, or brings it up to date: psql "$DATABASE_URL" -f db/install.sql
   One transaction, safe to repeat. It makes the schema and what is in it, nothing else: no role,
   no extension; the owner of the database can do it. db/uninstall.sql takes it all away again. */

\set ON_ERROR_STOP on
begin;
set local client_min_messages = 'warning';

\ir schema/preconditions.sql
\ir schema/crier.sql
\ir functions/crier/lock_tables.sql
do $$
begin
    perform crier.lock_tables('crier.routes', 'crier.inlined', 'crier.wanted', 'crier.subscriptions', 'crier.relays', 'crier.pending');
end
$$;
\ir schema/json_text.sql
\ir schema/routes.sql
\ir schema/watches.sql
\ir schema/relays.sql
\ir schema/subscriptions.sql
\ir schema/secret.sql
\ir schema/pending.sql
\ir schema/finding.sql
\ir schema/response.sql

\ir functions/crier/fail.sql
\ir functions/crier/version.sql
\ir functions/crier/notify.sql
\ir functions/crier/dialect.sql
\ir functions/crier/build_limit.sql
\ir schema/wanted.sql
\ir schema/inlined.sql
\ir functions/crier/hmac_pad.sql
\ir functions/crier/hmac.sql
\ir functions/crier/secret_make.sql
\ir functions/crier/encode_octets.sql
\ir functions/crier/encode.sql
\ir functions/crier/template_parts.sql
\ir functions/crier/relation_levels.sql
\ir functions/crier/function_name.sql
\ir functions/crier/function_signature.sql
\ir functions/crier/functions_collide.sql
\ir functions/crier/function_parameters.sql
\ir functions/crier/last_name.sql
\ir functions/crier/function_named.sql
\ir functions/crier/arguments_check.sql
\ir functions/crier/function_check.sql
\ir functions/crier/option_check.sql
\ir functions/crier/path_check.sql
\ir functions/crier/route_check.sql
\ir functions/crier/cover_check.sql
\ir functions/crier/document_check.sql
\ir functions/crier/topic_check.sql
\ir functions/crier/inline_check.sql
\ir functions/crier/items.sql
\ir functions/crier/call_pieces.sql
\ir functions/crier/route_store.sql
\ir functions/crier/live.sql
\ir functions/crier/method_check.sql
\ir functions/crier/body_argument.sql
\ir functions/crier/argument_kind.sql
\ir functions/crier/action_check.sql
\ir functions/crier/action_parameters.sql
\ir functions/crier/action_pieces.sql
\ir functions/crier/action_store.sql
\ir functions/crier/action.sql
\ir functions/crier/is_media_type.sql
\ir functions/crier/blob_check.sql
\ir functions/crier/blob_pieces.sql
\ir functions/crier/blob_store.sql
\ir functions/crier/blob.sql
\ir functions/crier/unroute.sql
\ir functions/crier/relation_named.sql
\ir functions/crier/relation_text.sql
\ir functions/crier/relation_check.sql
\ir functions/crier/pend_topic.sql
\ir functions/crier/pend.sql
\ir functions/crier/templates_meet.sql
\ir functions/crier/watch_inline.sql
\ir functions/crier/watch_payload.sql
\ir functions/crier/watch_source.sql
\ir functions/crier/watch_function.sql
\ir functions/crier/watch_functions.sql
\ir functions/crier/watch_install.sql
\ir functions/crier/watch_store.sql
\ir functions/crier/watch_drop.sql
\ir functions/crier/watch.sql
\ir functions/crier/unwatch.sql
\ir functions/crier/refresh_watches.sql
\ir functions/crier/topic_shape.sql
\ir functions/crier/touch.sql
\ir functions/crier/announce_check.sql
\ir functions/crier/announce.sql
\ir functions/crier/kind_notice.sql
\ir functions/crier/channel_check.sql
\ir functions/crier/channel_store.sql
\ir functions/crier/channel.sql
\ir functions/crier/argument_fits.sql
\ir functions/crier/path_fill.sql
\ir functions/crier/arguments_refuse.sql
\ir functions/crier/conversion_refuse.sql
\ir functions/crier/resolve.sql
\ir functions/crier/build.sql
\ir functions/crier/read.sql
\ir functions/crier/header.sql
\ir functions/crier/respond.sql
\ir functions/crier/respond_bytes.sql
\ir functions/crier/argument_items.sql
\ir functions/crier/argument.sql
\ir functions/crier/body_json.sql
\ir functions/crier/action_values.sql
\ir functions/crier/response_head.sql
\ir functions/crier/response_of.sql
\ir functions/crier/act.sql
\ir functions/crier/blob_call.sql
\ir functions/crier/blob_query.sql
\ir functions/crier/blob_slice.sql
\ir functions/crier/blob_etag.sql
\ir functions/crier/blob_head.sql
\ir functions/crier/blob_window.sql
\ir functions/crier/cancelled.sql
\ir functions/crier/inline_allowed.sql
\ir functions/crier/inline_source.sql
\ir functions/crier/inline_function.sql
\ir functions/crier/notify_references.sql
\ir functions/crier/notify_inline.sql
\ir functions/crier/relay_secret.sql
\ir functions/crier/relay_routes.sql
\ir functions/crier/relay_report.sql
\ir functions/crier/relay_stop.sql
\ir functions/crier/relay_functions.sql
\ir functions/crier/grant_relay.sql
\ir functions/crier/found.sql
\ir functions/crier/function_stored.sql
\ir functions/crier/decode.sql
\ir functions/crier/route_match.sql
\ir functions/crier/is_json.sql
\ir functions/crier/blob_again.sql
\ir functions/crier/route_again.sql
\ir functions/crier/function_gone.sql
\ir functions/crier/refresh_routes.sql
\ir functions/crier/explain_function.sql
\ir functions/crier/try_read.sql
\ir functions/crier/explain_result.sql
\ir functions/crier/explain_document.sql
\ir functions/crier/explain_triggers.sql
\ir functions/crier/explain_watch.sql
\ir functions/crier/explain_topic.sql
\ir functions/crier/explain_unheard.sql
\ir functions/crier/relay_grantees.sql
\ir functions/crier/relay_roles.sql
\ir functions/crier/privileges_missing.sql
\ir functions/crier/row_security.sql
\ir functions/crier/explain_privileges.sql
\ir functions/crier/try_head.sql
\ir functions/crier/explain_blob.sql
\ir functions/crier/explain_call.sql
\ir functions/crier/inline_trouble.sql
\ir functions/crier/explain_inline.sql
\ir functions/crier/explain_relays.sql
\ir functions/crier/explain_subscriptions.sql
\ir functions/crier/explain_channel.sql
\ir functions/crier/explain.sql
\ir functions/crier/check.sql

\ir triggers/crier/routes_changed.sql
\ir triggers/crier/pending_due.sql

do $$
begin
    /* What an older version made is brought up to date too: routes, triggers, and the relays' privileges. */
    perform crier.refresh_routes();
    perform crier.secret_make();
    perform crier.refresh_watches();
    perform crier.inline_function();
    perform crier.grant_relay(role) from crier.relay_grantees() as role;
end
$$;

commit;
