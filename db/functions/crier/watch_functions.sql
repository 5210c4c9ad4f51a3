create or replace function crier.watch_functions()
    returns integer language plpgsql volatile
    set search_path = pg_catalog, pg_temp
as $$
declare
    watch crier.watches;
    changes integer := 0;
begin
    /* Makes all watches' trigger functions what the routes want of them; no table is touched. What
       cannot be done crier.check tells. */
    for watch in
        select * from crier.watches w
        where to_regclass(w.relation) is not null
          and to_regproc(format('crier.watch_%s', w.id)) is not null
        order by w.id
    loop
        begin
            changes := changes
                + crier.watch_function(watch.id, to_regclass(watch.relation), watch.topic);
        exception when others then
            continue;
        end;
    end loop;
    return changes;
end
$$;
comment on function crier.watch_functions() is
    'Private: makes all watches'' trigger functions what the routes want of them; returns how many were not.';
revoke all on function crier.watch_functions() from public;
