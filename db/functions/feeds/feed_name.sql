create or replace function feeds.feed_name(name text)
    returns text language sql immutable parallel safe
    set search_path = pg_catalog, pg_temp
as $$
    /* The name as tags spell it: ASCII letters in lower case, whatever the locale. */
    select lower(feed_name.name collate "C");
$$;
comment on function feeds.feed_name(text) is 'A feed''s name as tags spell it: HelloWorld is helloworld.';
