/* What \df+ and \d+ show of the schema crier: everything says what it is, and is made the same way. */
begin;
select no_plan();

select is_empty($$ select p.oid::regprocedure from pg_proc p where p.pronamespace = 'crier'::regnamespace and coalesce(obj_description(p.oid, 'pg_proc'), '') = '' $$,
    'every function has a comment');
select is_empty($$ select c.oid::regclass from pg_class c where c.relnamespace = 'crier'::regnamespace and c.relkind in ('r', 'c')
    and coalesce(obj_description(case c.relkind when 'r' then c.oid else c.reltype end, case c.relkind when 'r' then 'pg_class' else 'pg_type' end), '') = '' $$,
    'every table and type has a comment');
select is_empty($$ select a.attrelid::regclass, a.attname from pg_attribute a join pg_class c on c.oid = a.attrelid
    where c.relnamespace = 'crier'::regnamespace and c.relkind in ('r', 'c') and a.attnum > 0 and coalesce(col_description(c.oid, a.attnum), '') = '' $$,
    'every column has a comment');
select isnt(obj_description('crier.json_text'::regtype, 'pg_type'), null, 'the domain has a comment');
select isnt(obj_description('crier'::regnamespace, 'pg_namespace'), null, 'the schema has a comment');

select is_empty($$ select p.oid::regprocedure from pg_proc p where p.pronamespace = 'crier'::regnamespace and p.prosecdef
    and p.proname !~ '^watch_\d+$' and not coalesce(p.proconfig && array['search_path=pg_catalog, pg_temp'], false) $$,
    'what runs as its owner has a pinned search_path');
select set_eq($$ select p.proname::text from pg_proc p where p.pronamespace = 'crier'::regnamespace and p.proconfig is null and p.proname !~ '^watch_\d+$' $$,
    array['live', 'action', 'blob', 'watch', 'unwatch', 'function_named', 'relation_named', 'relation_text', 'notify', 'encode', 'found', 'argument_fits',
        'pend', 'pend_topic', 'notify_inline', 'dialect', 'hmac', 'build_limit', 'announce_check'],
    'only those are not pinned that say why');
select set_eq($$ select p.proname::text from pg_proc p where p.pronamespace = 'crier'::regnamespace and p.prosrc ~ 'pg_notify\s*\(' $$,
    array['notify'], 'pg_notify has one caller');
select is_empty($$ select p.oid::regprocedure from pg_proc p where p.pronamespace = 'crier'::regnamespace and p.proname !~ '^watch_\d+$' and p.prosrc !~ '/\*' $$,
    'every function begins with what it is for');
select is_empty($$ select p.oid::regprocedure from pg_proc p where p.pronamespace = 'crier'::regnamespace and p.prosrc ~ '[^\x01-\x7f]' and p.proname !~ '^watch_\d+$' $$,
    'ASCII only, whatever the database''s encoding');

select * from finish();
rollback;
