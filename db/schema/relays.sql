create unlogged table if not exists crier.relays (
    id uuid primary key,
    name text,
    role name not null,
    version text,
    started timestamptz not null default pg_catalog.clock_timestamp(),
    seen timestamptz not null default pg_catalog.clock_timestamp(),
    listening boolean not null default false,
    dialect text
);

-- What version 1 lacks.
alter table crier.relays add column if not exists dialect text;

comment on table crier.relays is
    'The relays that serve this database, as they report themselves. Unlogged: after a crash they report again.';
comment on column crier.relays.id is 'Chosen by the relay at its start.';
comment on column crier.relays.name is 'For people: host and address.';
comment on column crier.relays.role is 'The role it logged in as.';
comment on column crier.relays.version is 'The relay''s own version.';
comment on column crier.relays.started is 'Its first report.';
comment on column crier.relays.seen is 'Its latest report; after an hour without one the row goes.';
comment on column crier.relays.listening is 'Whether it had a LISTEN connection then.';
comment on column crier.relays.dialect is 'The settings of its sessions that crier.dialect is about.';
