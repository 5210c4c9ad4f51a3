create or replace function crier.lock_tables(variadic tables text[])
    returns void language plpgsql volatile
    set search_path = pg_catalog, pg_temp
    set lock_timeout = '0'
as $$
declare
    began timestamptz;
    present text;
begin
    /* For files that install: lets one of them at a time work, and locks the tables that it is about to
       change, as far as they are there. To lock them one by one as it comes to them would deadlock with
       whoever goes through them in another order, and some of those would fail. All at once may, too, hence
       it waits for less than it takes until deadlocks are looked for: then it lets go of all, and tries again,
       for a minute. After ten seconds it waits for longer: an autovacuum gives way only to who waits until then.
       Views bring what is below them. */
    perform pg_advisory_xact_lock(hashtextextended('crier.install', 0));
    began := clock_timestamp();
    select string_agg(t.name, ', ' order by t.n) into present
    from unnest(tables) with ordinality as t(name, n) where to_regclass(t.name) is not null;
    while present is not null loop
        perform set_config('lock_timeout',
            case when clock_timestamp() < began + interval '10 seconds' then '200ms' else '3s' end, true);
        begin
            execute format('lock table %s in access exclusive mode', present);
            return;
        exception when lock_not_available or deadlock_detected then
            if clock_timestamp() > began + interval '1 minute' then
                raise;
            end if;
        end;
        perform pg_sleep(random() / 5);
    end loop;
end
$$;
comment on function crier.lock_tables(text[]) is
    'Private, for files that install: locks tables before changing them, so that no writer fails because of it.';
revoke all on function crier.lock_tables(text[]) from public;
