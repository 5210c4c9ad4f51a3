do $$
begin
    if to_regtype('crier.response') is null then
        create type crier.response as (status integer, headers jsonb, body text, bytes bytea);
    end if;
end
$$;
comment on type crier.response is
    'What an action answers: an action that returns it sets status, headers and body itself. crier.respond and crier.respond_bytes make one.';
comment on column crier.response.status is '200 to 599; NULL: 200. A 204, 205 or 304 has no body.';
comment on column crier.response.headers is
    'An object of header names and values: text, or an array of text for a header that is repeated; null leaves it out. No control characters; framing (content-length, transfer-encoding, connection…) is the relay''s.';
comment on column crier.response.body is
    'Text, which is JSON unless the headers name another content-type; NULL: bytes, or no body.';
comment on column crier.response.bytes is
    'Octets, which are application/octet-stream unless the headers name another content-type.';
