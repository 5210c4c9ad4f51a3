/* Made anew at every installation, with the view upon it, because a view keeps the columns that it
   began with. */
drop view if exists crier.inlined, crier.wanted;
create view crier.wanted as
    select s.topic, s.key, s.arguments, s.route, l.dialect
    from crier.subscriptions s join crier.relays l on l.id = s.relay
    where s.topic is not null and s.arguments is not null and s.error is null
      and s.octets < 8000 and s.milliseconds < crier.build_limit()
      and l.seen > pg_catalog.clock_timestamp() - interval '60 seconds';

comment on view crier.wanted is
    'Private: documents that somebody reads inline. They are open at a relay that is alive and offers them, because their route is declared inline, and when it last had them short and quick enough.';
revoke all on crier.wanted from public;
