create or replace function crier.announce_check(topic text, event text, data json)
    returns void language plpgsql stable
as $$
declare
    route text;
begin
    /* Whether an announcement can be heard, and be taken for what it is: raises why not. Not pinned,
       because crier.announce is, which alone calls it, and pinning costs a fifth of it. */
    if topic is null or topic = '' or data is null then
        perform crier.fail('CR090', 'an announcement lacks its topic or its data',
            format('The topic is %s, the data are %s.', quote_nullable(topic), quote_nullable(data::text)),
            'Give both; data that say nothing are written ''null''.');
    end if;
    -- (The count inside the expression, {1,100}, would take as long as all the rest.)
    if event is null or length(event) not between 1 and 100 or event ~ '[[:cntrl:]]'
       or event in ('gone', 'gap') then
        perform crier.fail('CR091', 'an event cannot be called so',
            format('The name is %s.', quote_nullable(event)),
            'Give 1 to 100 characters without control characters; gone and gap are the relay''s own.');
    end if;
    select r.path into route
    from crier.routes r
    where r.kind = 'live' and r.event = announce_check.event
      and (r.topic is not null or crier.templates_meet(r.path, announce_check.topic))
    order by r.topic is not null, r.path <> announce_check.topic -- the one that was meant, if any
    limit 1;
    if found then
        perform crier.fail('CR091', format('the event %s is a document''s', quote_literal(event)),
            format('The route %s sends its documents under this name.', route),
            'Choose another name, or pages would take the announcement for the document.');
    end if;
end
$$;
comment on function crier.announce_check(text, text, json) is
    'Private: raises why an announcement cannot be sent.';
revoke all on function crier.announce_check(text, text, json) from public;
