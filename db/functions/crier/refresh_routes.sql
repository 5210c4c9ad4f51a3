create or replace function crier.refresh_routes()
    returns void language plpgsql volatile
    set search_path = pg_catalog, pg_temp
as $$
declare
    route crier.routes;
    pieces jsonb;
begin
    /* Puts what is kept of declarations into this version's form, when the schema is installed again.
       What could not be declared now stays as it is, and crier.check says why. */
    for route in select * from crier.routes r where r.kind <> 'channel' loop
        begin
            continue when crier.function_gone(route) is not null;
            pieces := crier.route_again(route);
            update crier.routes r
            set call = pieces,
                parameters = case when r.kind = 'action'
                    then crier.action_parameters(crier.function_stored(r.function), r.path, pieces->>'body')
                    else crier.function_parameters(crier.function_stored(r.function), r.path) end
            where r.id = route.id and r.call <> pieces;
        exception when others then
            raise warning 'the route % % stays as it was: %', route.method, route.path, sqlerrm
                using hint = 'select * from crier.check(); says what to do.';
        end;
    end loop;
end
$$;
comment on function crier.refresh_routes() is
    'Private: puts what is kept of declarations into this version''s form.';
revoke all on function crier.refresh_routes() from public;
