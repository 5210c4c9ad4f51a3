create or replace function crier.announce(topic text, event text, data json)
    returns void language plpgsql volatile security definer
    set search_path = pg_catalog, pg_temp
as $$
declare
    place constant text := case when topic like '/%' then split_part(topic, '?', 1) else topic end;
    payload constant text := '{"topic":' || to_json(place) || ',"event":' || to_json(event)
        || ',"data":' || data || '}';
begin
    /* Announces an event at commit to whoever has a document of this topic open then; nothing is kept
       of it. A path's topic is without the query, as in crier.touch. */
    perform crier.announce_check(place, event, data);
    if octet_length(payload) >= 8000 then
        perform crier.fail('CR092', 'an announcement is too long',
            format('As a notification it has %s octets.', octet_length(payload)),
            'Less than 8,000 fit. Announce where to look instead, and keep the rest in a document.');
    end if;
    perform crier.notify(payload);
end
$$;
comment on function crier.announce(text, text, json) is
    'Sends an event to everybody who has a document of a topic open, and keeps nothing: crier.announce(''thread/17'', ''presence'', ''{"who":"Ben"}''). Streams get it after the commit.';
revoke all on function crier.announce(text, text, json) from public;
