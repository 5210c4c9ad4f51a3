create or replace function talking.recording_tree(_id integer)
    returns crier.json_text language plpgsql stable parallel safe security definer
    set search_path = pg_catalog, pg_temp
    set plan_cache_mode = force_generic_plan
    set work_mem = '64MB'
    set jit = off
as $$
declare
    ids integer[];
    parents integer[];
    heads text[];
    audible boolean[];
    walk record;
    document text;
begin
    /* A recording with all its replies, nested to any depth, the best first; NULL if there is none.
       Three steps, each linear: the rows, by an index on the thread (for a recording inside it,
       from parent to child); their order, on numbers alone; the text, put together once. Generic
       plans, because a custom one makes a constant of the array of heads, and finding an element
       of that takes as long as the array is. */
    with recursive part(id) as (
        select r.id from talking.recordings r where r.id = _id and r.parent_id is not null
        union
        select r.id from part join talking.recordings r on r.parent_id = part.id)
    select array_agg(t.id), array_agg(t.parent), array_agg(t.head), array_agg(t.has_audio)
    into ids, parents, heads, audible
    from (
        select r.parent_id as parent, r.score, r.created_at, r.id, r.has_audio, r.head
        from talking.recordings r where r.root_id = _id
        union all
        select case when r.id <> _id then r.parent_id end, r.score, r.created_at, r.id, r.has_audio, r.head
        from part join talking.recordings r on r.id = part.id
        order by parent nulls first, score desc, created_at desc, id desc) t;
    if ids is null then
        return null;
    end if;

    walk := talking.depth_first(ids, parents);
    select string_agg(
        heads[w.node] || (w.descendants
            || case when audible[w.node] then ',"audio":"/api/recordings/' || ids[w.node] || '/audio"'
                    else ',"audio":null' end
            || ',"replies":['
            || case when w.closings = 0 then ''
                    when w.position = cardinality(ids) then repeat(']}', w.closings)
                    when w.closings = 1 then ']},'
                    else repeat(']}', w.closings) || ',' end), '')
    into document
    from unnest(walk.nodes, walk.descendants, walk.closings)
        with ordinality as w(node, descendants, closings, position);
    return document;
end
$$;
comment on function talking.recording_tree(integer) is
    'GET /api/recordings/{id}: a recording and all its replies, nested, siblings best first; NULL if there is none.';
