create or replace function crier.watch(relation text, topic text)
    returns integer language plpgsql volatile
as $$
declare
    relation_oid constant oid := crier.relation_named(relation);
begin
    /* Declares that a table's rows change a topic, by triggers on the table and all its partitions.
       Again for the same: repairs what is missing. Not pinned, so that an unqualified name means
       what it means to the caller. */
    perform crier.relation_check(relation_oid, topic);
    return crier.watch_store(relation_oid, topic);
end
$$;
comment on function crier.watch(text, text) is
    'Says which documents a table''s rows change: crier.watch(''feeds.posts'', ''/api/posts/{id}''), where {id} is a column of the table.';
revoke all on function crier.watch(text, text) from public;
