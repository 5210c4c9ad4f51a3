create or replace function feeds.feed_topic(_name text)
    returns text language sql immutable parallel safe
    set search_path = pg_catalog, pg_temp
as $$
    /* The topic of a feed's documents, one for all spellings of its name. Encoded, as triggers do. */
    select 'feed/' || crier.encode(feeds.feed_name(_name));
$$;
comment on function feeds.feed_topic(text) is 'The topic of a feed''s documents: one for all spellings of its name.';
