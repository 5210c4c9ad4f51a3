/* Refuses what cannot work before anything is made: an old PostgreSQL, or a schema that a newer
   pgcrier made. Of two that install at once one waits here (as in crier.lock_tables), or they would
   collide in PostgreSQL's catalogs. */
do $$
declare
    installed integer;
begin
    perform pg_advisory_xact_lock(hashtextextended('crier.install', 0));
    if current_setting('server_version_num')::integer < 150000 then
        raise exception using errcode = 'CR071', message = 'PostgreSQL 15 is needed',
            detail = 'This is PostgreSQL ' || current_setting('server_version') || '.',
            hint = 'Upgrade PostgreSQL.';
    elsif current_setting('server_version_num')::integer < 150020 then
        raise warning using message = 'this PostgreSQL has defects that its latest minor release repairs',
            detail = 'This is PostgreSQL ' || current_setting('server_version') || '; 15.20 is tested.',
            hint = 'Install the latest minor release.';
    end if;
    if to_regprocedure('crier.version()') is not null then
        execute 'select crier.version()' into installed;
        if installed > 2 then
            raise exception using errcode = 'CR070', message = 'a newer schema crier is installed',
                detail = format('Its version is %s, this one is 2.', installed),
                hint = 'Install the pgcrier that made it, or first run its own db/uninstall.sql.';
        end if;
    end if;
end
$$;
