create or replace function crier.body_json(body bytea)
    returns jsonb language plpgsql immutable
    set search_path = pg_catalog, pg_temp
as $$
begin
    /* The JSON of a request's body, by PostgreSQL's rules and no others: of equal keys the last
       counts, \u0000 is refused. An empty body is an object without keys. Raises PT400. */
    if octet_length(body) = 0 then
        return '{}';
    end if;
    return convert_from(body, 'UTF8')::jsonb;
exception when data_exception or program_limit_exceeded then
    raise exception using errcode = 'PT400', message = 'The body is not valid JSON',
        detail = case when sqlstate like '54%' then 'It is nested too deeply, or something in it is too long.'
                      else 'PostgreSQL says: ' || sqlerrm || '.' end;
end
$$;
comment on function crier.body_json(bytea) is 'Private: the JSON of a request''s body.';
revoke all on function crier.body_json(bytea) from public;
