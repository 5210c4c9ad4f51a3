create or replace function talking.vote(_id integer, _voter uuid, _direction integer)
    returns void language plpgsql volatile security definer
    set search_path = pg_catalog, pg_temp
as $$
begin
    /* The vote of somebody on a recording: another replaces it, 0 takes it back. */
    if _direction is null or _direction not between -1 and 1 then
        raise sqlstate 'PT422' using message = 'direction is 1, -1 or 0';
    elsif _voter is null then
        raise sqlstate 'PT422' using message = 'voter is a UUID';
    elsif not exists (select from talking.recordings r where r.id = _id) then
        raise sqlstate 'PT404' using message = format('There is no recording %s', _id);
    elsif _direction = 0 then
        delete from talking.votes v where v.recording_id = _id and v.voter = _voter;
    else
        insert into talking.votes (recording_id, voter, direction) values (_id, _voter, _direction)
        on conflict (recording_id, voter) do update set direction = excluded.direction
        where votes.direction <> excluded.direction;
    end if;
end
$$;
comment on function talking.vote(integer, uuid, integer) is
    'POST /api/recordings/{id}/votes {"voter":uuid,"direction":1|0|-1}: somebody''s vote; another replaces it, 0 takes it back.';
