create or replace function crier.is_json(value text)
    returns boolean language plpgsql immutable strict
    set search_path = pg_catalog, pg_temp
as $$
begin
    /* Whether a text is JSON. One that is nested too deep for PostgreSQL's parser counts: that is
       what crier.json_text is for. */
    perform value::json;
    return true;
exception
    when invalid_text_representation then return false;
    when statement_too_complex then return true;
end
$$;
comment on function crier.is_json(text) is 'Private: whether a text is JSON.';
revoke all on function crier.is_json(text) from public;
