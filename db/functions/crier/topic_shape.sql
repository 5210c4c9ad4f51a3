create or replace function crier.topic_shape(topic text)
    returns text language sql immutable strict parallel safe
    set search_path = pg_catalog, pg_temp
as $$
    /* A template that fits a topic: segments that are long, or no literals, become parameters. */
    select string_agg(
        case when s.text ~ '^[A-Za-z0-9._~!$&''()*+,;=:@-]{1,64}$' or s.text = '' and s.n = 1
             then s.text else format('{%s}', s.n) end, '/' order by s.n)
    from regexp_split_to_table(topic_shape.topic, '/') with ordinality as s(text, n)
    where s.n <= 33; -- more segments than a template may have
$$;
comment on function crier.topic_shape(text) is 'Private: a template that fits a topic too long to be told.';
revoke all on function crier.topic_shape(text) from public;
