create or replace function feeds.events_sent()
    returns trigger language plpgsql volatile security definer
    set search_path = pg_catalog, pg_temp
    set timezone = 'UTC'
as $$
begin
    /* Sends events on the channel feeds_events, in their order. One that is too long for a notification
       goes without its payload. More than 500 of one statement go as one message that says which:
       listeners would be cut otherwise. Not where crier is switched off. */
    if current_setting('crier.off', true) = 'on' then
        return null;
    elsif (select count(*) from (select from new_rows limit 501) n) > 500 then
        perform pg_notify('feeds_events', format('{"from":%s,"to":%s,"events":%s}', min(n.id), max(n.id), count(*)))
        from new_rows n;
    else
        perform pg_notify('feeds_events', case
            when octet_length(e.document) < 8000 then e.document
            else feeds.event_document(e.id, e.name, e.occurred_at, null) end)
        from (
            select n.*, feeds.event_document(n.id, n.name, n.occurred_at, n.payload) as document
            from new_rows n order by n.id offset 0) e;
    end if;
    return null;
end
$$;
comment on function feeds.events_sent() is 'Trigger: sends events on the channel feeds_events.';
revoke all on function feeds.events_sent() from public;

create or replace trigger _500_events_sent
    after insert on feeds.events referencing new table as new_rows
    for each statement execute function feeds.events_sent();
