create or replace function crier.dialect()
    returns text language sql stable
as $$
    /* The settings that decide how values are spelled, besides those that crier.build pins (these
       are slow to set, or nobody's to choose). A writer whose session differs from the relay's in
       one of them leaves the reading to the relay. Not pinned, so that it is inlined; hence every
       name is qualified. */
    select pg_catalog.concat_ws(' ',
        pg_catalog.current_setting('lc_monetary'), pg_catalog.current_setting('lc_numeric'),
        pg_catalog.current_setting('lc_time'), pg_catalog.current_setting('xmlbinary'),
        pg_catalog.current_setting('xmloption'), pg_catalog.current_setting('array_nulls'),
        pg_catalog.current_setting('transform_null_equals'),
        pg_catalog.current_setting('quote_all_identifiers'),
        pg_catalog.current_setting('standard_conforming_strings'),
        pg_catalog.current_setting('default_text_search_config'));
$$;
comment on function crier.dialect() is
    'Private: the session''s settings on which the text of values depends and that are not pinned.';
revoke all on function crier.dialect() from public;
