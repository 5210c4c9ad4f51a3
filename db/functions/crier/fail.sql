create or replace function crier.fail(code text, message text, detail text, hint text)
    returns void language plpgsql volatile
    set search_path = pg_catalog, pg_temp
as $$
begin
    /* Raises a declaration error. db/README.md lists the codes. */
    raise exception using
        errcode = fail.code, message = fail.message, detail = fail.detail, hint = fail.hint;
end
$$;
comment on function crier.fail(text, text, text, text) is
    'Private: raises a declaration error of class CR, listed in db/README.md.';
revoke all on function crier.fail(text, text, text, text) from public;
