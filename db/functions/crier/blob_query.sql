create or replace function crier.blob_query(route integer, arguments jsonb, out statement text, out search_path text, out cache text)
    returns record language plpgsql stable
    set search_path = pg_catalog, pg_temp
as $$
declare
    call jsonb;
begin
    /* The query that gives a route's octets, their media type, and what tells whether they changed
       (NULL: nobody but themselves), with the request's arguments as $1. Its callers take the
       octets into a variable of their own, which keeps the pointer to where they are stored; a row
       that passed through here would hold all of them. Raises PT400 and PT404. */
    select r.call into call from crier.routes r where r.id = blob_query.route and r.kind = 'blob';
    if not found then
        raise exception using errcode = 'PT404', message = 'Not found';
    end if;
    search_path := call->>'search_path';
    cache := call->>'cache';
    statement := format('select %s, %s, %s',
        crier.blob_call(call, arguments),
        case jsonb_typeof(call->'type') when 'string' then quote_literal(call->>'type') || '::text'
            else crier.blob_call(call->'type', arguments) end,
        case jsonb_typeof(call->'etag') when 'object' then crier.blob_call(call->'etag', arguments)
            else 'null::text' end);
end
$$;
comment on function crier.blob_query(integer, jsonb) is
    'Private: the query that gives a route''s octets.';
revoke all on function crier.blob_query(integer, jsonb) from public;
