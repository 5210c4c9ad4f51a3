create or replace function crier.watch_store(relation oid, topic text)
    returns integer language plpgsql volatile
    set search_path = pg_catalog, pg_temp
as $$
declare
    watch integer;
begin
    /* Keeps a watch that has been checked, and makes its triggers. */
    insert into crier.watches (relation, topic)
    select format('%I.%I', n.nspname, c.relname), watch_store.topic
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.oid = watch_store.relation
    on conflict on constraint watches_relation_topic_key do update set topic = excluded.topic
    returning id into watch;
    perform crier.watch_install(watch, relation, topic);
    return watch;
end
$$;
comment on function crier.watch_store(oid, text) is 'Private: keeps a checked watch and makes its triggers.';
revoke all on function crier.watch_store(oid, text) from public;
