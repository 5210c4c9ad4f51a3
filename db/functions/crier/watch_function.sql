create or replace function crier.watch_function(watch integer, relation oid, topic text)
    returns integer language plpgsql volatile
    set search_path = pg_catalog, pg_temp
as $$
declare
    function constant text := format('crier.watch_%s', watch);
    source record;
begin
    /* Makes a watch's trigger function what it ought to be; returns 1, or 0 if it was. It belongs
       to the schema's owner, or whoever may replace what it calls would run as somebody else. */
    select * into source from crier.watch_source(relation, topic);
    if exists (
        select from pg_proc p
        where p.oid = to_regproc(function) and p.prosrc = source.body
          and (p.proconfig is null) = (source.settings is null)) then
        return 0;
    end if;
    perform pg_advisory_xact_lock(hashtext('crier.watch_function')); -- two at once would collide
    if not exists (select from crier.watches w where w.id = watch_function.watch) then
        return 0; -- given up meanwhile
    end if;
    select * into source from crier.watch_source(relation, topic);
    execute format('create or replace function %s() returns trigger language plpgsql volatile '
        'security definer %s as %L', function, source.settings, source.body);
    execute format('alter function %s() owner to %I', function, (
        select r.rolname from pg_namespace n join pg_roles r on r.oid = n.nspowner
        where n.nspname = 'crier'));
    execute format('revoke all on function %s() from public', function);
    execute format('comment on function %s() is %L', function,
        format('Generated: crier.watch(%L, %L).', relation::regclass, topic));
    return 1;
end
$$;
comment on function crier.watch_function(integer, oid, text) is
    'Private: makes a watch''s trigger function what it ought to be; returns 1, or 0 if it was.';
revoke all on function crier.watch_function(integer, oid, text) from public;
