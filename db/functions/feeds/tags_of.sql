create or replace function feeds.tags_of(content text)
    returns text[] language sql immutable strict parallel safe
    set search_path = pg_catalog, pg_temp
as $$
    /* The tags of a text, in order of first appearance: every # directly followed by ASCII letters or
       digits, the longest such run, in lower case; NULL if there are none. */
    select array_agg(first.tag order by first.n)
    from (
        select lower(m.run[1] collate "C") as tag, min(m.n) as n
        from regexp_matches(tags_of.content collate "C", '#([A-Za-z0-9]+)', 'g') with ordinality as m(run, n)
        group by 1) first;
$$;
comment on function feeds.tags_of(text) is
    'The tags of a text, lower-case and without repeats, in order of appearance; NULL if there are none.';
