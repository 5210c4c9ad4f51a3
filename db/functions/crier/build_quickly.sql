drop function if exists crier.build_quickly(integer, jsonb, json); -- an older one
create or replace function crier.build_quickly(
        arguments json,
        route integer,
        out document text,
        out topic text,
        out snapshot text)
    returns record language plpgsql volatile
    set search_path = pg_catalog, pg_temp
as $$
declare
    began constant timestamptz := clock_timestamp();
    built record;
    context text;
begin
    /* crier.build_inline inside a writer's commit: no document instead of an error, of a wait for a
       lock (two who commit could wait for each other), or of more than crier.build_limit(). A
       statement cannot be stopped from within, so this is looked at afterwards; by going by reference
       the document reaches the relay with its time, and while that is too long nobody builds it at a
       commit (crier.inlined). */
    built := crier.build_inline(arguments, route); -- an assignment calls without a query
    if clock_timestamp() < began + crier.build_limit() * interval '1 millisecond' then
        document := built.document;
        topic := built.topic;
        snapshot := built.snapshot;
    end if;
exception
    when query_canceled then
        get stacked diagnostics context = pg_exception_context;
        if crier.cancelled(context) then
            raise;
        end if;
    when assert_failure or others then
        null;
end
$$;
comment on function crier.build_quickly(json, integer) is
    'Private: a document for an inline notification, NULL where it has to go by reference.';
revoke all on function crier.build_quickly(json, integer) from public;
