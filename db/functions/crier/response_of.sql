create or replace function crier.response_of(
        answer crier.response, max_bytes bigint, out status integer, out head text, out bytes bytea)
    returns record language plpgsql stable
    set search_path = pg_catalog, pg_temp
as $$
begin
    /* What the relay sends for an answer: status, headers as lines, octets. NULL is 404. Raises what
       cannot be sent, so that nothing of it happens. */
    if answer is null or answer.body is null and answer.bytes is null and answer.status is null
       and answer.headers is null then
        raise exception using errcode = 'PT404', message = 'Not found';
    end if;
    status := coalesce(answer.status, 200);
    if status not between 200 and 599 then
        raise exception using errcode = 'CR080', message = format('an answer has the status %s', status),
            hint = 'Answer with 200 to 599.';
    end if;
    head := crier.response_head(answer);
    if status not in (204, 205, 304) then
        bytes := coalesce(answer.bytes, convert_to(answer.body, 'UTF8'));
    end if;
    if octet_length(bytes) > max_bytes then
        raise exception using errcode = 'CR083',
            message = format('an answer has %s octets, more than %s', octet_length(bytes), max_bytes),
            hint = 'Answer with less; crier.blob serves long octets.';
    end if;
end
$$;
comment on function crier.response_of(crier.response, bigint) is
    'Private: what the relay sends for an answer.';
revoke all on function crier.response_of(crier.response, bigint) from public;
