create or replace function crier.templates_meet(one text, other text)
    returns boolean language sql immutable strict parallel safe
    set search_path = pg_catalog, pg_temp
as $$
    /* Whether some topic fits both templates; a topic is a template too, of itself alone. */
    select one like '/%' = (other like '/%')
       and count(a.text) = count(*) and count(b.text) = count(*)
       and bool_and(a.text = b.text or a.text like '{%}' or b.text like '{%}')
    from regexp_split_to_table(one, '/') with ordinality as a(text, n)
    full join regexp_split_to_table(other, '/') with ordinality as b(text, n) using (n);
$$;
comment on function crier.templates_meet(text, text) is 'Private: whether some topic fits both templates.';
revoke all on function crier.templates_meet(text, text) from public;
