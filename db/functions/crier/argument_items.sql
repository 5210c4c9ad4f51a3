create or replace function crier.argument_items(items jsonb, reads text, spelled boolean)
    returns text[] language plpgsql immutable
    set search_path = pg_catalog, pg_temp
as $$
declare
    wrong text;
begin
    /* The elements of a JSON array as text for PostgreSQL to read; raises when one cannot be. */
    if reads = 'json' and not spelled then
        return array(select nullif(e.value, 'null')::text
                     from jsonb_array_elements(items) with ordinality as e(value, n) order by e.n);
    end if;
    select jsonb_typeof(e.value) into wrong
    from jsonb_array_elements(items) as e(value)
    where jsonb_typeof(e.value) not in ('null', 'string')
      and (reads <> 'scalar' or jsonb_typeof(e.value) in ('object', 'array')) limit 1;
    if wrong is not null then
        raise data_exception using message = format('an element of type %s does not fit', wrong);
    end if;
    return array(select e.value #>> '{}'
                 from jsonb_array_elements(items) with ordinality as e(value, n) order by e.n);
end
$$;
comment on function crier.argument_items(jsonb, text, boolean) is
    'Private: the elements of a JSON array as text.';
revoke all on function crier.argument_items(jsonb, text, boolean) from public;
