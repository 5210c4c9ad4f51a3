create or replace function talking.waveforms(_ids integer[])
    returns jsonb language plpgsql stable parallel safe security definer
    set search_path = pg_catalog, pg_temp
as $$
begin
    /* The peaks of some recordings, by id: of those that have any. They are not in the documents of
       threads, because those are sent anew with every vote, and peaks never change. */
    if cardinality(_ids) > 500 then
        raise sqlstate 'PT400' using message = 'At most 500 waveforms at once';
    end if;
    return jsonb_build_object('waveforms', (
        select coalesce(jsonb_object_agg(a.recording_id, a.peaks), '{}')
        from talking.audio a where a.recording_id = any (_ids) and a.peaks is not null));
end
$$;
comment on function talking.waveforms(integer[]) is
    'GET /api/waveforms?ids=[17,18]: {"waveforms":{"17":peaks…}} of those recordings that have them; see talking.audio.peaks.';
