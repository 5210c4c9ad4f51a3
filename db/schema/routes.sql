create table if not exists crier.routes (
    id integer generated always as identity primary key,
    method text not null,
    path text not null,
    kind text not null,
    function text,
    parameters jsonb not null,
    event text not null,
    topic text,
    inline boolean not null,
    min_interval interval not null,
    reread interval not null,
    max_bytes bigint not null,
    call jsonb not null,
    created_at timestamptz not null default pg_catalog.now(),
    channel text
);

-- What version 1 lacks.
alter table crier.routes alter column function drop not null, add column if not exists channel text;

-- Two templates that differ in the names of their parameters only match the same requests.
create unique index if not exists routes_shape
    on crier.routes (method, pg_catalog.regexp_replace(path, '\{[^{}]*\}', '{}', 'g'));

comment on table crier.routes is
    'What each URL is: a method and a path template, mapped to an SQL function. Written by crier.live and crier.unroute.';
comment on column crier.routes.id is 'Stays the same when the route is declared again.';
comment on column crier.routes.method is 'HTTP method; GET for a document.';
comment on column crier.routes.path is 'Path template, such as /api/posts/{id}.';
comment on column crier.routes.kind is 'live: a document, by GET and as a stream; action: a write; blob: octets, by GET; channel: a NOTIFY channel, as a stream.';
comment on column crier.routes.function is 'The function, by name and argument types, so that dump and restore keep it; NULL for a channel.';
comment on column crier.routes.parameters is
    'Its arguments in order: [{"name","argument","type","required","in"}]; name is the argument without one leading _ or p_, in is path or query.';
comment on column crier.routes.event is 'The event name in the stream.';
comment on column crier.routes.topic is 'The function that names the document''s topic; NULL: its canonical path.';
comment on column crier.routes.inline is 'Whether triggers may send the document itself.';
comment on column crier.routes.min_interval is 'The least time between two events of one document.';
comment on column crier.routes.reread is 'How often a document with subscribers is read again though nothing was notified.';
comment on column crier.routes.max_bytes is 'A longer document is an error.';
comment on column crier.routes.call is 'How crier.read calls the functions; computed at declaration.';
comment on column crier.routes.created_at is 'When the route was first declared.';
comment on column crier.routes.channel is 'The NOTIFY channel that is relayed as it is; NULL for all other kinds.';
