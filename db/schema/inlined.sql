/* Made anew at every installation, because a view keeps the columns that it began with. */
drop view if exists crier.inlined;
create view crier.inlined as
    select s.topic, s.key, s.arguments, s.route, k.inner_pad, k.outer_pad
    from crier.subscriptions s join crier.relays l on l.id = s.relay cross join crier.secret k
    where s.topic is not null and s.arguments is not null and s.error is null
      and s.octets < 8000 and s.milliseconds < crier.build_limit()
      and l.seen > pg_catalog.clock_timestamp() - interval '60 seconds'
      and l.dialect = crier.dialect() and k.one;

comment on view crier.inlined is
    'Private: the gate of inline notifications. Documents that triggers may build: open at a relay that is alive and offers them, because their route is declared inline, and when it last had them short and quick enough; and what signs them. It decides about building only, never about notifying.';
revoke all on crier.inlined from public;
