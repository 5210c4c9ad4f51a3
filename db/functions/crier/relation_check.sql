create or replace function crier.relation_check(relation oid, topic text)
    returns void language plpgsql stable
    set search_path = pg_catalog, pg_temp
as $$
declare
    c pg_class;
    wrong text;
begin
    /* Whether rows of a relation can be watched for a topic: raises why not. */
    select * into c from pg_class where oid = relation_check.relation;
    if c.relkind not in ('r', 'p') or c.relpersistence = 't' or c.oid < 16384
       or c.relnamespace = 'crier'::regnamespace then
        perform crier.fail('CR052', format('%s cannot be watched', c.oid::regclass),
            format('It is %s.', case
                when c.relkind = 'v' then 'a view' when c.relkind = 'm' then 'a materialized view'
                when c.relkind = 'f' then 'a foreign table' when c.relkind = 'S' then 'a sequence'
                when c.relkind not in ('r', 'p') then 'no table'
                when c.relpersistence = 't' then 'a temporary table'
                when c.oid < 16384 then 'a system catalog' else 'a table of pgcrier''s own' end),
            'Watch the tables whose rows it shows.');
    end if;
    select string_agg(i.inhparent::regclass::text, ', ') into wrong
    from pg_inherits i where i.inhrelid = c.oid;
    if wrong is not null then
        perform crier.fail('CR055', format('%s cannot be watched by itself', c.oid::regclass),
            format('It belongs to %s; what is written through that passes its own triggers by.', wrong),
            format('Watch %s; all its partitions and children belong to it.', wrong));
    end if;
    select i::regclass::text into wrong
    from crier.relation_levels(c.oid) i join pg_class f on f.oid = i
    where f.relkind = 'f' limit 1;
    if wrong is not null then
        perform crier.fail('CR053', format('%s cannot be watched', c.oid::regclass),
            format('%s belongs to it and is a foreign table, whose rows no trigger sees.', wrong),
            'Detach it, or call crier.touch in a row trigger of your own.');
    end if;
    select t.parameter into wrong from crier.template_parts(topic) t
    where t.parameter is not null and not exists (
        select from pg_attribute a
        where a.attrelid = c.oid and a.attname = t.parameter and a.attnum > 0
          and not a.attisdropped) limit 1;
    if wrong is not null then
        perform crier.fail('CR054', format('%s has no column %I', c.oid::regclass, wrong),
            format('Its columns are %s.', (
                select string_agg(quote_ident(a.attname), ', ' order by a.attnum)
                from pg_attribute a
                where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped)),
            'A topic comes from the row alone: name columns of the table itself.');
    end if;
end
$$;
comment on function crier.relation_check(oid, text) is 'Private: raises why a table cannot be watched for a topic.';
revoke all on function crier.relation_check(oid, text) from public;
