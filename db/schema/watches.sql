create table if not exists crier.watches (
    id integer generated always as identity primary key,
    relation text not null,
    topic text not null,
    created_at timestamptz not null default pg_catalog.now(),
    unique (relation, topic)
);

comment on table crier.watches is
    'Which tables'' rows change which topics. Written by crier.watch and crier.unwatch.';
comment on column crier.watches.id is 'Names the trigger function, crier.watch_<id>, and the triggers.';
comment on column crier.watches.relation is 'The table, with its schema; its partitions and children belong to it.';
comment on column crier.watches.topic is 'Topic template; each {name} is a column of the table.';
comment on column crier.watches.created_at is 'When the watch was first declared.';
