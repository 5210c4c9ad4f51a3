create unlogged table if not exists crier.subscriptions (
    relay uuid not null references crier.relays on delete cascade,
    key text not null,
    route integer,
    topic text,
    subscribers integer not null,
    notified timestamptz,
    read timestamptz,
    error text,
    primary key (relay, key)
);

comment on table crier.subscriptions is
    'Which documents have open streams, by relay. For people and for crier.explain; nothing depends on it.';
comment on column crier.subscriptions.relay is 'The relay that reports it.';
comment on column crier.subscriptions.key is 'The document: its canonical path, with the query where arguments come from there.';
comment on column crier.subscriptions.route is 'Its route.';
comment on column crier.subscriptions.topic is 'Its topic at the latest read.';
comment on column crier.subscriptions.subscribers is 'How many streams are open.';
comment on column crier.subscriptions.notified is 'The latest notification for its topic.';
comment on column crier.subscriptions.read is 'The latest read that succeeded.';
comment on column crier.subscriptions.error is 'What the latest read failed with, else NULL.';
