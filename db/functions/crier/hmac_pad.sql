create or replace function crier.hmac_pad(key bytea, octet integer)
    returns bytea language sql immutable strict
    set search_path = pg_catalog, pg_temp
as $$
    /* A key of at most 64 octets, filled up with zeros to the block of SHA-256, each octet XORed
       with 0x36 (the inner) or 0x5c (the outer pad of RFC 2104). */
    select string_agg(set_byte('\x00', 0,
        (case when n < length(key) then get_byte(key, n) else 0 end) # octet), '' order by n)
    from generate_series(0, 63) as n;
$$;
comment on function crier.hmac_pad(bytea, integer) is 'Private: one of the two pads of HMAC-SHA256.';
revoke all on function crier.hmac_pad(bytea, integer) from public;
