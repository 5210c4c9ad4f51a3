// writers.js -- what a writer pays: pgbench inserts a second, beside a hand-written trigger with pg_notify.
//
// Five tables of the same shape, each with an index on the topic's column; a transaction inserts one
// row, of one of 200 topics. The tables take turns, so that each meets the same moods of the machine:
//
//   no trigger      a table without any trigger
//   unwatched       the same, in a database where crier watches others
//   by hand         a statement trigger of four lines, which calls pg_notify for each distinct topic
//   by reference    crier.watch
//   inline          crier.watch, of a route declared inline, all of whose documents somebody reads:
//                   each commit builds one of about 200 octets
//   inline, unread  the same, and nobody reads
//
//   --clients 8     at once; --seconds 4 each turn; --rounds 5
//   --fsync on      as a database that is worth something has it; off shows processor time alone

import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startCluster } from '../tests/lib/cluster.js';
import { bar, options, sayWhere, table } from './lib/bench.js';

const given = options({ clients: 8, seconds: 4, rounds: 5, fsync: 'on' });
const TOPICS = 200;
const PGBENCH = join(process.env.PGCRIER_PG_BINDIR ?? '/usr/lib/postgresql/15/bin', 'pgbench');
const TABLES = { bare: 'no trigger', unwatched: 'unwatched', hand: 'by hand', reference: 'by reference', inline: 'inline', unread: 'inline, unread' };

const SQL = `
  create schema bench;
  ${Object.keys(TABLES).map((name) => `
    create table bench.${name} (id bigint generated always as identity primary key, topic integer not null, text text not null);
    create index on bench.${name} (topic, id desc);`).join('')}
  create function bench.by_hand() returns trigger language plpgsql as $$ begin
    perform pg_notify('crier', json_build_object('topic', 'hand/' || n.topic)::text) from (select distinct topic from new_rows) n;
    return null;
  end $$;
  create trigger by_hand after insert on bench.hand referencing new table as new_rows for each statement execute function bench.by_hand();
  create function bench.document(_topic integer) returns json language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$ begin
    return (select json_build_object('topic', _topic, 'lines', json_agg(l)) from (
      select id, text from bench.inline where topic = _topic order by id desc limit 5) l);
  end $$;
  create function bench.unread(_topic integer) returns json language sql stable security definer as $$ select '1'::json $$;
  select crier.live('/reference/{topic}', 'bench.document(integer)'), crier.watch('bench.reference', '/reference/{topic}'),
    crier.live('/inline/{topic}', 'bench.document(integer)', inline => true), crier.watch('bench.inline', '/inline/{topic}'),
    crier.live('/unread/{topic}', 'bench.unread(integer)', inline => true), crier.watch('bench.unread', '/unread/{topic}');
  select crier.relay_report('00000000-0000-0000-0000-000000000001', '{"name":"bench","listening":true}', (
    select json_agg(json_build_object('key', '/inline/' || n, 'topic', '/inline/' || n, 'route', r.id, 'subscribers', 1,
      'arguments', json_build_object('topic', n::text), 'octets', 200, 'milliseconds', 1))
    from crier.routes r, generate_series(1, ${TOPICS}) n where r.path = '/inline/{topic}'));
  update crier.relays set seen = now() + interval '1 day'`;

function pgbench(cluster, name) {
  const script = join(cluster.directory, `${name}.sql`);
  writeFileSync(script, `\\set topic random(1, ${TOPICS})\ninsert into bench.${name} (topic, text) values (:topic, 'hello');\n`);
  const result = spawnSync(PGBENCH, ['-n', '-c', String(given.clients), '-j', '2', '-T', String(given.seconds), '-M', 'prepared',
    '-h', cluster.directory, '-p', String(cluster.port), '-U', 'postgres', '-f', script, 'test'], { encoding: 'utf8' });
  if (result.status !== 0) throw new Error(result.stderr);
  return Number(result.stdout.match(/^tps = ([\d.]+)/m)[1]);
}

const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];

const cluster = await startCluster({ settings: { fsync: given.fsync, shared_buffers: '128MB' } });
try {
  await cluster.sql(SQL);
  sayWhere();
  const tps = Object.fromEntries(Object.keys(TABLES).map((name) => [name, []]));
  for (let round = 0; round <= given.rounds; round += 1) {
    for (const name of Object.keys(TABLES)) {
      const value = pgbench(cluster, name);
      if (round > 0) tps[name].push(value); // the first warms up
    }
  }
  const ratio = (name, beside) => median(tps[name].map((value, round) => value / tps[beside][round]));
  table([
    [`${given.clients} clients, fsync ${given.fsync}`, 'inserts a second', 'of by hand', 'of no trigger'],
    ...Object.entries(TABLES).map(([name, what]) => [what, median(tps[name]).toFixed(0), ratio(name, 'hand').toFixed(2), ratio(name, 'bare').toFixed(2)]),
  ]);
  const holds = (name, beside, least) => bar(ratio(name, beside) >= least, `${TABLES[name]}: ${ratio(name, beside).toFixed(2)} of ${TABLES[beside]} (at least ${least})`);
  holds('unwatched', 'bare', 0.95);
  holds('reference', 'hand', 0.9);
  holds('inline', 'hand', 0.5);
} finally {
  await cluster.stop();
}
