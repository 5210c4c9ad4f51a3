create or replace function feeds.event_octets(_id bigint)
    returns bytea language sql stable parallel safe security definer
    set search_path = pg_catalog, pg_temp
as $$
    /* One event, whole; for those that were too long for the channel. Octets rather than a live
       document, because an event never changes: whoever has got it may keep it. */
    select convert_to(feeds.event_document(e.id, e.name, e.occurred_at, e.payload), 'UTF8')
    from feeds.events e where e.id = _id;
$$;
comment on function feeds.event_octets(bigint) is
    'GET /events/feeds/{id}: {"id","name","occurred_at","payload"}, also where the channel left the payload out.';
