/* The trigger's essay is in triggers/crier/pending_due.sql. Rows live from a statement to its commit,
   so the table is empty to everybody else; what it leaves is for autovacuum, early and often. It keeps
   its pages, or plans made while it has hardly any would scan all of them later. */

-- An older one had a row for each topic.
do $$
begin
    if exists (
        select from pg_attribute a
        where a.attrelid = to_regclass('crier.pending') and a.attname = 'topic') then
        drop table crier.pending;
    end if;
end
$$;

create unlogged table if not exists crier.pending (
    xid xid8 primary key,
    topics text[] not null,
    stage smallint not null default 1,
    queued bigint
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000,
        autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 1000000000,
        vacuum_truncate = off);

comment on table crier.pending is
    'Topics that a transaction in progress will notify at its commit, inline if it can. Always empty to others.';
comment on column crier.pending.xid is 'The transaction.';
comment on column crier.pending.topics is 'What changed, and somebody reads inline; at most 8.';
comment on column crier.pending.stage is
    '1 once a statement changed a topic; 2 once it stands behind the writer''s own deferred triggers.';
comment on column crier.pending.queued is 'The command that brought it there, as it was found at the commit.';
revoke all on crier.pending from public;
