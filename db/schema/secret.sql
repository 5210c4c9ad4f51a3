create table if not exists crier.secret (
    one boolean primary key default true check (one),
    key bytea not null,
    inner_pad bytea not null,
    outer_pad bytea not null
);

comment on table crier.secret is
    'What signs inline notifications, because any role may NOTIFY. One row, for the owner''s eyes and, through crier.grant_relay, the relay''s. To change it: delete the row and run install.sql again; until the relays have heard of it, documents go by reference.';
comment on column crier.secret.one is 'There is one row.';
comment on column crier.secret.key is '32 random octets.';
comment on column crier.secret.inner_pad is 'The key as HMAC (RFC 2104) puts it before the message, 64 octets.';
comment on column crier.secret.outer_pad is 'The key as HMAC puts it before the first hash, 64 octets.';

revoke all on crier.secret from public;
