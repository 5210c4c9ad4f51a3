create or replace function crier.argument(
        value jsonb,
        name text,
        reads text,
        spelled boolean,
        model anyelement,
        out result anyelement)
    returns anyelement language plpgsql stable
    set search_path = pg_catalog, pg_temp
as $$
declare
    kind constant text := jsonb_typeof(value);
    builtin constant boolean := exists (select from pg_type t
        where t.oid = pg_typeof(model) and t.typnamespace = 'pg_catalog'::regnamespace);
    item constant text := regexp_replace(reads, ' array$', '');
begin
    /* A request's value as the type of model, which PostgreSQL decides about; what cannot be one
       raises PT400. A value that is spelled (path, query, form) is text, or an array of text where
       it was repeated; one of a JSON body has a type of its own. */
    if kind = 'null' then
        result := null;
    elsif reads like '% array' then
        if kind = 'array' then
            result := crier.argument_items(value, item, spelled);
        elsif spelled then
            result := crier.items(value::json);
        else
            raise data_exception using message = 'an array is expected';
        end if;
    elsif spelled and kind = 'array' then
        raise data_exception using message = 'it is given more than once';
    elsif reads = 'json' and not spelled then
        result := value;
    elsif kind = 'string' or reads = 'scalar' and kind in ('number', 'boolean') then
        result := value #>> '{}';
    else
        raise data_exception using message = format('%s cannot be %s',
            case kind when 'array' then 'an array' when 'object' then 'an object' else 'a ' || kind end,
            case when reads = 'text' then 'a text' when builtin then 'of type ' || pg_typeof(model)::text
                 else 'of its type' end);
    end if;
exception when others then
    if left(sqlstate, 2) not in ('22', '23', '42', '54') then
        raise;
    end if;
    raise exception using errcode = 'PT400', message = 'An argument cannot be converted to its type',
        -- Names of types and constraints that are not PostgreSQL's own are nobody's business.
        detail = format('"%s": %s', name, case when builtin or sqlstate = '22000' then sqlerrm
                                               else 'that is no value of its type' end);
end
$$;
comment on function crier.argument(jsonb, text, text, boolean, anyelement) is
    'Private: a value of a request as an argument of that type.';
revoke all on function crier.argument(jsonb, text, text, boolean, anyelement) from public;
