create or replace function crier.encode(value text)
    returns text language sql immutable parallel safe
as $$
    /* The canonical spelling of a value in a path, a query or a topic: every octet of its UTF-8
       but A-Z a-z 0-9 - . _ ~ becomes %XX. The relay's path_encode writes the same octets.
       Neither strict nor pinned, so that it is inlined; hence every name is qualified. */
    select case
        when value operator(pg_catalog.~) '^[A-Za-z0-9._~-]*$' collate pg_catalog."C" then value
        else crier.encode_octets(value)
    end;
$$;
comment on function crier.encode(text) is
    'Percent-encodes a value as canonical paths and topics spell it: crier.touch(''/api/posts/'' || crier.encode(title)).';
