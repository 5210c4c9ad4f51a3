create or replace function feeds.event(_id bigint)
    returns crier.json_text language sql stable parallel safe security definer
    set search_path = pg_catalog, pg_temp
as $$
    /* One event, whole; for those that were too long for the channel. */
    select feeds.event_document(e.id, e.name, e.occurred_at, e.payload) from feeds.events e where e.id = _id;
$$;
comment on function feeds.event(bigint) is
    'GET /events/feeds/{id}: {"id","name","occurred_at","payload"}, also where the channel left the payload out.';
