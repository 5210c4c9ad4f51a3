create or replace function crier.respond_bytes(
        bytes bytea,
        type text default 'application/octet-stream',
        status integer default 200,
        headers jsonb default '{}')
    returns crier.response language sql immutable parallel safe
    set search_path = pg_catalog, pg_temp
as $$
    /* An answer with octets of any media type, for an action to return. */
    select row(status, headers || jsonb_build_object('content-type', type), null, bytes)::crier.response;
$$;
comment on function crier.respond_bytes(bytea, text, integer, jsonb) is
    'An answer for an action to return: crier.respond_bytes(convert_to(page, ''UTF8''), ''text/html'').';
