create or replace function crier.watch_inline(topic text)
    returns boolean language sql stable
    set search_path = pg_catalog, pg_temp
as $$
    /* Whether a route is declared inline whose documents may have one of a watch's topics. What a
       topic function returns is not known beforehand. */
    select exists (
        select from crier.routes r
        where r.inline and r.kind = 'live'
          and (r.topic is not null or crier.templates_meet(r.path, watch_inline.topic)));
$$;
comment on function crier.watch_inline(text) is 'Private: whether the triggers of a watch have inline routes to think of.';
revoke all on function crier.watch_inline(text) from public;
