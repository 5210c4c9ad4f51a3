create or replace function talking.recording_head(
        id integer,
        author text,
        title text,
        created_at timestamptz,
        duration_ms integer,
        ups integer,
        downs integer)
    returns text language plpgsql immutable parallel safe
    set search_path = pg_catalog, pg_temp
as $$
begin
    /* The JSON of a recording up to the value of reply_count. It is stored with the row, because
       making it costs half the time of a big thread's document, and a thread is read far more often
       than a row of it is written. Immutable in spite of to_json: text and a time without zone are
       written alike under all settings. */
    return concat(
        '{"id":', id,
        ',"author":', to_json(author),
        ',"title":', coalesce(to_json(title)::text, 'null'),
        ',"created_at":', rtrim(to_json(created_at at time zone 'UTC')::text, '"'), 'Z"',
        ',"duration_ms":', coalesce(duration_ms::text, 'null'),
        ',"ups":', ups,
        ',"downs":', downs,
        ',"score":', talking.wilson(ups, downs),
        ',"reply_count":');
end
$$;
comment on function talking.recording_head(integer, text, text, timestamptz, integer, integer, integer) is
    'Private: the JSON of a recording up to the value of reply_count.';
