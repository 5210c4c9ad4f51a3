create unlogged table if not exists crier.subscriptions (
    relay uuid not null references crier.relays on delete cascade,
    key text not null,
    route integer,
    topic text,
    subscribers integer not null,
    notified timestamptz,
    read timestamptz,
    error text,
    arguments json,
    octets bigint,
    milliseconds real,
    primary key (relay, key)
);

-- What version 1 lacks.
alter table crier.subscriptions
    add column if not exists arguments json,
    add column if not exists octets bigint,
    add column if not exists milliseconds real;

-- Room for the next report beside each row; and in fuller pages writers would not go by the index.
alter table crier.subscriptions set (fillfactor = 20);

-- Every write to a table that changes inline documents asks for its topics.
create index if not exists subscriptions_topic on crier.subscriptions (topic);

comment on table crier.subscriptions is
    'Which documents have open streams, by relay. For people, for crier.explain, and for triggers that decide whether to build a document; that it is notified never depends on it.';
comment on column crier.subscriptions.relay is 'The relay that reports it.';
comment on column crier.subscriptions.key is 'The document: its canonical path, with the query where arguments come from there.';
comment on column crier.subscriptions.route is 'Its route.';
comment on column crier.subscriptions.topic is 'Its topic at the latest read.';
comment on column crier.subscriptions.subscribers is 'How many streams are open.';
comment on column crier.subscriptions.notified is 'The latest notification for its topic.';
comment on column crier.subscriptions.read is 'When the relay last got the document: by a read that succeeded, or inline.';
comment on column crier.subscriptions.error is 'What the latest read failed with, else NULL.';
comment on column crier.subscriptions.arguments is 'Of an inline document: what its function is called with.';
comment on column crier.subscriptions.octets is 'The document''s length then.';
comment on column crier.subscriptions.milliseconds is 'How long the function took at the latest read.';
