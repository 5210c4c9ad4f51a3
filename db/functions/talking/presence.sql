create or replace function talking.presence(_id integer, _who text, _state text, _session text default null)
    returns void language plpgsql volatile security definer
    set search_path = pg_catalog, pg_temp
as $$
declare
    name constant text := talking.name_of(_who);
    topic constant text := talking.thread_of(_id);
begin
    /* Tells everybody who has the thread open that somebody is recording a reply, or no longer.
       Nothing is stored: who records says so again every few seconds, and who stops saying so is
       forgotten. The session tells two of one name apart. */
    if topic is null then
        raise sqlstate 'PT404' using message = format('There is no recording %s', _id);
    elsif coalesce(_state, '') not in ('recording', 'idle') then
        raise sqlstate 'PT422' using message = 'state is recording or idle';
    elsif length(_session) > 64 then
        raise sqlstate 'PT422' using message = 'session has at most 64 characters';
    end if;
    perform crier.announce(topic, 'presence',
        json_strip_nulls(json_build_object('id', _id, 'who', name, 'state', _state, 'session', _session)));
end
$$;
comment on function talking.presence(integer, text, text, text) is
    'POST /api/recordings/{id}/presence {"who","state":"recording"|"idle"[,"session"]}: announces it as event presence to everybody who has the thread open.';
