create or replace function feeds.pick(words text)
    returns text language sql volatile
    set search_path = pg_catalog, pg_temp
as $$
    /* One of several words, at random. */
    select w.words[1 + floor(random() * cardinality(w.words))::integer]
    from string_to_array(pick.words, ' ') as w(words);
$$;
comment on function feeds.pick(text) is 'Private: one of several words, at random.';
revoke all on function feeds.pick(text) from public;
