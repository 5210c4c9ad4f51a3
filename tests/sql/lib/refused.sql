/* refused(statement, SQLSTATE, what): the statement is refused so, with a DETAIL and a HINT. */
create function pg_temp.refused(statement text, state text, what text) returns setof text language plpgsql as $$
declare
    detail text;
    hint text;
begin
    execute statement;
    return next fail(what || ': is refused');
exception when others then
    get stacked diagnostics detail = pg_exception_detail, hint = pg_exception_hint;
    return next is(sqlstate, state, format('%s: %s', what, state));
    return next ok(detail <> '' and hint <> '', what || ': has a detail and a hint');
end
$$;
