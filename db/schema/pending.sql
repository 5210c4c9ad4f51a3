/* The trigger's essay is in triggers/crier/pending_due.sql. Rows live from a statement to its commit,
   so the table is empty to everybody else; what it leaves is for autovacuum, early and often. */
create unlogged table if not exists crier.pending (
    xid xid8 not null,
    topic text not null,
    stage smallint not null default 1,
    primary key (xid, topic)
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000,
        autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 1000000000);

comment on table crier.pending is
    'Topics that a transaction in progress will notify at its commit, inline if it can. Always empty to others.';
comment on column crier.pending.xid is 'The transaction.';
comment on column crier.pending.topic is 'What changed, and somebody reads inline.';
comment on column crier.pending.stage is
    '1 once a statement changed the topic; 2 once it stands behind the writer''s own deferred triggers.';
revoke all on crier.pending from public;
