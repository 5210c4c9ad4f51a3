create or replace function crier.live(
        path text,
        function text,
        event text default 'message',
        topic text default null,
        inline boolean default false,
        min_interval interval default '50 milliseconds',
        reread interval default '1 minute',
        max_bytes bigint default 67108864)
    returns integer language plpgsql volatile
as $$
declare
    function_oid oid;
    topic_oid oid;
begin
    /* Declares a document: the function's JSON by GET and as a stream on the same URL. Declaring a
       path again changes its route in place. Not pinned, so that unqualified names of functions
       mean what they mean to the caller. */
    function_oid := crier.function_named(function);
    if topic is not null then
        topic_oid := crier.function_named(topic);
    end if;
    perform crier.route_check(path, event, inline, min_interval, reread, max_bytes);
    perform crier.function_check(function_oid);
    perform crier.document_check(path, function_oid);
    if topic_oid is not null then
        perform crier.function_check(topic_oid);
        perform crier.topic_check(function_oid, topic_oid);
    end if;
    if inline then
        perform crier.inline_check(function_oid);
        if topic_oid is not null then
            perform crier.inline_check(topic_oid);
        end if;
    end if;
    perform crier.kind_notice(path, 'live');
    return crier.route_store(path, function_oid, event, topic_oid, inline,
        min_interval, reread, max_bytes);
end
$$;
comment on function crier.live(text, text, text, text, boolean, interval, interval, bigint) is
    'Declares a document: crier.live(''/api/posts/{id}'', ''feeds.post(uuid)'') makes the function''s JSON a GET endpoint and a live stream. Again for the same path: changes it at once.
event names the events of the stream. topic is a function of the same arguments (or some of them) that returns the document''s topic; without one that is its path. inline lets triggers send the document itself. min_interval is the least time between two events, reread how often a document with subscribers is read though nothing was notified. A document longer than max_bytes is an error.';
revoke all on function crier.live(text, text, text, text, boolean, interval, interval, bigint)
    from public;
