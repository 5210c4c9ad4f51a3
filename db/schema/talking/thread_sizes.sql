create table if not exists talking.thread_sizes (
    id bigint generated always as identity,
    root_id integer not null,
    recordings integer not null,
    primary key (root_id, id)
);

comment on table talking.thread_sizes is
    'How many recordings each thread has: the sum of its rows. Writers only add rows, so that none waits for another; now and then one folds them.';
comment on column talking.thread_sizes.id is 'Tells the rows of a thread apart.';
comment on column talking.thread_sizes.root_id is 'The recording that begins the thread.';
comment on column talking.thread_sizes.recordings is 'How many came, or if negative went.';
