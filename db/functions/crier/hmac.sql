create or replace function crier.hmac(message text, inner_pad bytea, outer_pad bytea)
    returns text language sql stable
as $$
    /* HMAC-SHA256 (RFC 2104) of a message's UTF-8, in hexadecimal. Neither strict nor pinned, so
       that it is inlined; hence every name is qualified. */
    select pg_catalog.encode(pg_catalog.sha256(outer_pad operator(pg_catalog.||)
        pg_catalog.sha256(inner_pad operator(pg_catalog.||)
            pg_catalog.convert_to(message, 'UTF8'))), 'hex');
$$;
comment on function crier.hmac(text, bytea, bytea) is 'Private: the signature of an inline notification.';
revoke all on function crier.hmac(text, bytea, bytea) from public;
