create or replace function crier.build_quickly(
        route integer,
        call jsonb,
        arguments json,
        out document text,
        out topic text,
        out snapshot text)
    returns record language plpgsql volatile
    set search_path = pg_catalog, pg_temp
    set lock_timeout = '1ms'
as $$
declare
    began constant timestamptz := clock_timestamp();
    context text;
begin
    /* crier.build inside a writer's commit: no document instead of an error, of a wait for a lock
       (two who commit could wait for each other), or of more than crier.build_limit(). A statement cannot be
       stopped from within, so this is looked at afterwards; by going by reference the document
       reaches the relay with its time, and while that is too long nobody builds it at a commit
       (crier.inlined). Nor is there a document if the route was declared otherwise meanwhile: its
       snapshot may be newer than the declaration that it was built by. */
    select b.document, b.topic, b.snapshot into document, topic, snapshot
    from crier.build(call, arguments) b;
    perform from crier.routes r where r.id = build_quickly.route and r.call = build_quickly.call;
    if not found or clock_timestamp() > began + crier.build_limit() * interval '1 millisecond' then
        document := null;
    end if;
exception
    when query_canceled then
        get stacked diagnostics context = pg_exception_context;
        if crier.cancelled(context) then
            raise;
        end if;
        document := null;
    when assert_failure or others then
        document := null;
end
$$;
comment on function crier.build_quickly(integer, jsonb, json) is
    'Private: a document for an inline notification, NULL where it has to go by reference.';
revoke all on function crier.build_quickly(integer, jsonb, json) from public;
