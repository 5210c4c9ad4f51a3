/* The trigger's essay is in triggers/crier/pending_due.sql. Rows live from a statement to its commit,
   so the table is empty to everybody else; what it leaves is for autovacuum, early and often. It keeps
   its pages, or plans made while it has hardly any would scan all of them later. */
create unlogged table if not exists crier.pending (
    xid xid8 not null,
    topic text not null,
    stage smallint not null default 1,
    queued bigint,
    primary key (xid, topic)
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000,
        autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 1000000000,
        vacuum_truncate = off);

-- What an older one lacks.
alter table crier.pending add column if not exists queued bigint, set (vacuum_truncate = off);

comment on table crier.pending is
    'Topics that a transaction in progress will notify at its commit, inline if it can. Always empty to others.';
comment on column crier.pending.xid is 'The transaction.';
comment on column crier.pending.topic is 'What changed, and somebody reads inline.';
comment on column crier.pending.stage is
    '1 once a statement changed the topic; 2 once it stands behind the writer''s own deferred triggers.';
comment on column crier.pending.queued is 'The command that brought it there, as it was found at the commit.';
revoke all on crier.pending from public;
