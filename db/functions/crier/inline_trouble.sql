create or replace function crier.inline_trouble(route crier.routes)
    returns table (detail text, hint text)
    language plpgsql stable
    set search_path = pg_catalog, pg_temp
as $$
declare
    function text;
    schema_owner constant name := (
        select r.rolname from pg_namespace n join pg_roles r on r.oid = n.nspowner
        where n.nspname = 'crier');
begin
    /* Why none of a route's documents can go inline though it is declared so; no row if they can.
       Triggers build them as the schema's owner. */
    foreach function in array array_remove(array[route.function, route.topic], null) loop
        if crier.function_stored(function) is null then
            return; -- crier.explain_function tells
        end if;
        begin
            perform crier.inline_check(crier.function_stored(function));
        exception when sqlstate 'CR033' or sqlstate 'CR034' then
            detail := sqlerrm;
            get stacked diagnostics hint = pg_exception_hint;
            return next;
            return;
        end;
    end loop;
    hint := crier.privileges_missing(route, schema_owner);
    if hint is not null then
        detail := format('triggers run as the owner of the schema crier, %I, who may not call the function',
            schema_owner);
        return next;
    elsif not exists (select from crier.secret) then
        detail := 'there is no secret to sign notifications with';
        hint := 'Run install.sql again.';
        return next;
    end if;
end
$$;
comment on function crier.inline_trouble(crier.routes) is
    'Private: why none of a route''s documents can go inline though it is declared so.';
revoke all on function crier.inline_trouble(crier.routes) from public;
