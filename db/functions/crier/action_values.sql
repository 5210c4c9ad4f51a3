create or replace function crier.action_values(
        call jsonb, spelled jsonb, fields jsonb, fields_spelled boolean, out expressions text)
    returns text language plpgsql stable
    set search_path = pg_catalog, pg_temp
as $$
declare
    wrong text;
begin
    /* How crier.act writes the arguments that a request gives: $1 is what path and query spell, $2
       what the body names, $3 the body, $4 its JSON. What is missing is left to the function's DEFAULT. Raises
       PT400 for what is unknown, or missing without one. */
    select format('"%s"', k.name) into wrong
    from jsonb_object_keys(spelled) as k(name)
    where k.name not in (select a->>'name' from jsonb_array_elements(call->'arguments') a
                         where a->>'in' <> 'body') limit 1;
    if wrong is not null then
        raise exception using errcode = 'PT400', message = 'Unknown query parameter',
            detail = wrong || ' is not a parameter of this path';
    end if;
    select string_agg(format('%s => %s', g.argument, case g.source
            when 'spelled' then format('crier.argument($1->%L, %1$L, %L, true, null::%s)::%s', g.name,
                g.reads, g.model, g.type)
            when 'fields' then format('crier.argument($2->%L, %1$L, %L, %L, null::%s)::%s', g.name,
                g.reads, fields_spelled, g.model, g.type)
            when 'body' then case g.type when 'bytea' then '$3' when 'jsonb' then '$4'
                else $text$coalesce(nullif(convert_from($3, 'UTF8'), ''), '{}')::json$text$ end end), ', '),
        min(format('"%s" is required', g.name)) filter (where g.source is null and g.required)
    into expressions, wrong
    from (
        select a->>'argument' as argument, a->>'name' as name, a->>'reads' as reads, a->>'type' as type, a->>'model' as model,
            (a->'required')::boolean as required,
            case when a->>'in' = 'body' then 'body'
                 when spelled ? (a->>'name') then 'spelled'
                 when a->>'in' = 'any' and fields ? (a->>'name') then 'fields' end as source
        from jsonb_array_elements(call->'arguments') a) g
    where g.source is not null or g.required;
    if wrong is not null then
        raise exception using errcode = 'PT400', message = 'Missing parameter',
            detail = wrong || case when fields_spelled and fields = '{}'
                then '; the body came as a form that names no parameter: JSON needs Content-Type: application/json'
                else '' end;
    end if;
end
$$;
comment on function crier.action_values(jsonb, jsonb, jsonb, boolean) is
    'Private: how crier.act writes the arguments that a request gives.';
revoke all on function crier.action_values(jsonb, jsonb, jsonb, boolean) from public;
