create or replace function crier.body_argument(function oid, path text, body text)
    returns text language sql stable
    set search_path = pg_catalog, pg_temp
as $$
    /* The name of the argument that gets the whole body; NULL when there is none, and arguments are
       looked for in the body by their names. Named or, where it is not, the only bytea outside the
       path, else the only json or jsonb. */
    with outside as (
        select a->>'name' as name, a->>'type' as type
        from jsonb_array_elements(crier.function_parameters(body_argument.function, path)) a
        where a->>'in' <> 'path')
    select case
        when body is not null then nullif(regexp_replace(body, '^(_|p_)', ''), '')
        when (select count(*) from outside where type = 'bytea') = 1
            then (select name from outside where type = 'bytea')
        when not exists (select from outside where type = 'bytea')
             and (select count(*) from outside where type in ('json', 'jsonb')) = 1
            then (select name from outside where type in ('json', 'jsonb'))
        end;
$$;
comment on function crier.body_argument(oid, text, text) is
    'Private: the name of the argument that gets a write''s whole body.';
revoke all on function crier.body_argument(oid, text, text) from public;
