create or replace function feeds.event_document(id bigint, name text, occurred_at timestamptz, payload json)
    returns text language sql stable parallel safe
    set search_path = pg_catalog, pg_temp
    set timezone = 'UTC'
as $$
    /* The JSON of an event. */
    select format('{"id":%s,"name":%s,"occurred_at":%s,"payload":%s}',
        event_document.id, to_json(event_document.name), to_json(event_document.occurred_at),
        coalesce(event_document.payload::text, 'null'));
$$;
comment on function feeds.event_document(bigint, text, timestamptz, json) is 'Private: the JSON of an event.';
revoke all on function feeds.event_document(bigint, text, timestamptz, json) from public;
