create or replace function crier.inline_function()
    returns integer language plpgsql volatile
    set search_path = pg_catalog, pg_temp
as $$
begin
    /* Makes crier.build_inline what the routes want of it; returns 1, or 0 if it was. The settings are
       those of crier.build, so that nobody can tell from the bytes which way a document went; a lock
       on a table is not waited for. */
    if exists (
        select from pg_proc p
        where p.oid = to_regproc('crier.build_inline') and p.prosrc = crier.inline_source()) then
        return 0;
    end if;
    perform pg_advisory_xact_lock(hashtext('crier.watch_function')); -- two at once would collide
    execute format($function$
        create or replace function crier.build_inline(
                arguments json, route integer, out document text, out topic text, out snapshot text)
            returns record language plpgsql volatile
            set search_path = pg_catalog, pg_temp
            set timezone = 'UTC'
            set datestyle = 'ISO, MDY'
            set intervalstyle = 'postgres'
            set bytea_output = 'hex'
            set extra_float_digits = 1
            set lock_timeout = '1ms'
        as %L$function$, crier.inline_source());
    execute format('alter function crier.build_inline(json, integer) owner to %I', (
        select r.rolname from pg_namespace n join pg_roles r on r.oid = n.nspowner
        where n.nspname = 'crier'));
    revoke all on function crier.build_inline(json, integer) from public;
    comment on function crier.build_inline(json, integer) is
        'Generated, private: an inline route''s document, its topic where a function names it, and its snapshot, under pinned settings.';
    return 1;
end
$$;
comment on function crier.inline_function() is
    'Private: makes crier.build_inline what the routes want of it; returns 1, or 0 if it was.';
revoke all on function crier.inline_function() from public;
