create or replace function crier.items(value json)
    returns text[] language sql immutable strict parallel safe
    set search_path = pg_catalog, pg_temp
as $$
    /* The elements of an array argument: repeated parameters come as a JSON array of strings; a
       single string is a JSON array if it begins like one, else the only element. */
    select array(
        select e.text
        from json_array_elements_text(
            case when json_typeof(items.value) = 'array' then items.value
                 when items.value #>> '{}' ~ '^[ \t\n\r]*\[' then (items.value #>> '{}')::json
                 else json_build_array(items.value) end) with ordinality as e(text, n)
        order by e.n);
$$;
comment on function crier.items(json) is 'Private: the elements of an array argument from a URL.';
revoke all on function crier.items(json) from public;
