create or replace function crier.kind_notice(path text, kind text)
    returns void language plpgsql stable
    set search_path = pg_catalog, pg_temp
as $$
declare
    names constant jsonb := '{"live": "a document", "blob": "a blob", "channel": "a channel"}';
    was crier.routes;
begin
    /* Declaring a path again changes its route, even into something of another kind: then it says so,
       for it may have been another path that was meant. */
    select * into was from crier.routes r
    where r.method = 'GET' and r.path = kind_notice.path and r.kind <> kind_notice.kind;
    if found then
        raise notice '% was % (%), and is % now', path, names->>was.kind,
            coalesce(was.function, was.channel), names->>kind;
    end if;
end
$$;
comment on function crier.kind_notice(text, text) is
    'Private: says when a path''s route becomes something of another kind.';
revoke all on function crier.kind_notice(text, text) from public;
