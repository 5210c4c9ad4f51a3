create or replace function feeds.events_kept()
    returns trigger language plpgsql volatile
    set search_path = pg_catalog, pg_temp
as $$
begin
    /* What has happened has happened. */
    raise exception using errcode = 'object_not_in_prerequisite_state',
        message = format('feeds.events is append-only: no %s', tg_op),
        hint = 'To shorten the history: alter table feeds.events disable trigger _100_events_kept; feeds.rebuild() needs all of it.';
end
$$;
comment on function feeds.events_kept() is 'Trigger: refuses to change the history.';
revoke all on function feeds.events_kept() from public;

create or replace trigger _100_events_kept
    before update or delete or truncate on feeds.events
    for each statement execute function feeds.events_kept();
