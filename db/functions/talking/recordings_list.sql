create or replace function talking.recordings_list(_limit integer default 50)
    returns crier.json_text language plpgsql stable parallel safe security definer
    set search_path = pg_catalog, pg_temp
    set enable_bitmapscan = off
    set jit = off
as $$
begin
    /* The recordings that begin a thread, the best first. How many replies each has is the sum of
       a few rows; counting them would read every thread of the list. No bitmap scans: only plain
       ones mark what is dead in the index, and rows that were folded leave much of that. Each limit is
       a document of its own, and one vote makes all of them anew: hence not of any size. */
    if _limit not between 0 and 1000 then
        raise exception using errcode = 'PT400', message = 'limit is 0 to 1000';
    end if;
    return (
        select '{"recordings":[' || coalesce(string_agg(
            t.head || t.replies
            || case when t.has_audio then ',"audio":"/api/recordings/' || t.id || '/audio"}' else ',"audio":null}' end,
            ',' order by t.score desc, t.created_at desc, t.id desc), '') || ']}'
        from (
            select r.id, r.head, r.has_audio, r.score, r.created_at,
                (select coalesce(sum(s.recordings), 1) - 1 from talking.thread_sizes s where s.root_id = r.id) as replies
            from talking.recordings r where r.parent_id is null
            order by r.score desc, r.created_at desc, r.id desc limit _limit) t);
end
$$;
comment on function talking.recordings_list(integer) is
    'GET /api/recordings[?limit=50]: the recordings that begin a thread, best first, each with the number of all its replies; 1000 at most.';
