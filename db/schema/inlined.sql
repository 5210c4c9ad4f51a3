/* Made anew at every installation, because a view keeps the columns that it began with. */
drop view if exists crier.inlined;
create view crier.inlined as
    select s.topic, s.key, s.arguments, r.id as route, r.call, r.topic is not null as has_topic
    from crier.subscriptions s
    join crier.relays l on l.id = s.relay
    join crier.routes r on r.id = s.route
    where r.inline and r.kind = 'live'
      and s.topic is not null and s.arguments is not null and s.error is null
      and s.octets < 8000 and s.milliseconds < crier.build_limit()
      and l.seen > pg_catalog.clock_timestamp() - interval '60 seconds'
      and l.dialect = crier.dialect()
      and not exists (
        select from pg_catalog.pg_proc p
        where p.oid in (pg_catalog.to_regprocedure(r.function), pg_catalog.to_regprocedure(r.topic))
          and (p.provolatile = 'v' or p.provolatile = 's' and not p.prosecdef));

comment on view crier.inlined is
    'Private: the gate of inline notifications. Documents that triggers may build: declared inline, open at a relay that is alive, and when it last had them short and quick enough. It decides about building only, never about notifying.';
revoke all on crier.inlined from public;
