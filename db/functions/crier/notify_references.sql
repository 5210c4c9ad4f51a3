create or replace function crier.notify_references(topics text[])
    returns void language plpgsql volatile
    set search_path = pg_catalog, pg_temp
as $$
begin
    /* Notifies topics by reference, as the triggers of a watch do: topics of watches need no escapes. */
    perform crier.notify('{"topic":"' || t.topic || '"}') from unnest(topics) as t(topic);
end
$$;
comment on function crier.notify_references(text[]) is 'Private: notifies topics by reference.';
revoke all on function crier.notify_references(text[]) from public;
