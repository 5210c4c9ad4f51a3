create or replace function crier.build_limit()
    returns real language sql immutable parallel safe
as $$
    /* How long a document's function may take at a writer's commit [ms]. Not pinned, so that it is
       inlined. */
    select 100::pg_catalog.float4;
$$;
comment on function crier.build_limit() is 'Private: how long a document''s function may take at a commit, in milliseconds.';
revoke all on function crier.build_limit() from public;
