// latency.js -- from COMMIT to the first byte at a subscriber, beside what a bare LISTEN client sees.
//
// One writer commits a small change again and again; a bare libpq client (listen_client.c) and one
// subscriber of the relay (crowd.c) hear of the same commits at the same time. The three are
// processes of their own and share CLOCK_MONOTONIC. By reference, the relay has one read more to do
// than the bare client, which is what the difference shows; inline, it has what the bare client has.
// Both are measured, one after the other.
//
//   --commits 500    how many count; a tenth more goes before, to warm up
//   --pause 20       between two commits [ms]; under the route's min_interval, the relay throttles
//   --min-interval   of the route [ms]; 0: no throttle
//   --threads 2      of the relay

import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startCluster } from '../tests/lib/cluster.js';
import { BINARY, startRelay } from '../tests/lib/relay.js';
import { startCrowd } from '../tests/lib/crowd.js';
import { until } from '../tests/lib/until.js';
import { bar, ms, nowNs, options, percentile, sayWhere, table } from './lib/bench.js';

const given = options({ commits: 500, pause: 20, 'min-interval': 0, threads: 2 });
const LISTEN_CLIENT = join(dirname(BINARY), 'bench', 'listen_client');

async function startBare(cluster) {
  const child = spawn(LISTEN_CLIENT, [cluster.url({ user: 'relay' }), 'crier'], { stdio: ['pipe', 'pipe', 'inherit'] });
  const bare = { heard: [], listening: false, stop: () => child.stdin.end() };
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (line === 'listening') bare.listening = true;
    else if (line.includes('"topic":"/state"')) bare.heard.push(Number(line.split(' ')[0]));
  });
  await until(() => bare.listening, { what: 'the bare client listens' });
  return bare;
}

async function prepare(cluster) {
  await cluster.sql(`
    create table state (n integer not null);
    insert into state values (0);
    grant select on state to relay;
    create function state_document() returns json language plpgsql stable security definer set search_path = public, pg_temp
      as $$ begin return (select json_build_object('n', n) from state); end $$;
    select crier.watch('state', '/state')`);
}

const declare = (cluster, inline) => cluster.sql(`
  select crier.live('/state', 'state_document()', inline => ${inline}, min_interval => make_interval(secs => ${given['min-interval'] / 1000}))`);

async function measure(cluster, inline) {
  await declare(cluster, inline);
  const bare = await startBare(cluster);
  const relay = await startRelay({ database: cluster.url({ user: 'relay' }), args: ['--threads', String(given.threads)] });
  const crowd = await startCrowd(`${relay.url}/state`, { readers: 1 });
  await crowd.all();
  if (inline) await until(async () => (await cluster.sql('select from crier.inlined')).length > 0, { what: 'the gate opens' });
  const reads = await relay.metric('pgcrier_reads_total');
  const writer = await cluster.connect();
  const warmUp = Math.ceil(given.commits / 10);
  const commits = [];
  for (let n = 1; n <= warmUp + given.commits; n += 1) {
    const began = nowNs();
    await writer.query({ name: 'write', text: 'update state set n = $1', values: [n] });
    commits.push({ n, began, ended: nowNs() });
    await sleep(given.pause * (0.75 + Math.random() / 2)); // in step with no timer
  }
  const last = commits.at(-1).n;
  await crowd.all((event) => event.data === `{"n" : ${last}}`);
  await until(() => bare.heard.length === last, { what: 'the bare client has heard everything' });
  const seen = new Map(crowd.alls.map((event) => [Number(event.data.match(/\d+/)), event.first_ns]));
  const result = commits.slice(warmUp).map(({ n, began, ended }) => ({
    answer: (ended - began) / 1e6,
    bare: (bare.heard[n - 1] - began) / 1e6,
    relay: (seen.get(n) - began) / 1e6,
  }));
  const read = await relay.metric('pgcrier_reads_total') - reads;
  console.log(`${inline ? 'inline' : 'by reference'}: ${read} reads for ${commits.length} commits`);
  bare.stop();
  await crowd.stop();
  await relay.stop();
  return result;
}

function tell(all, inline, most) {
  const arrived = all.filter((one) => Number.isFinite(one.relay));
  const row = (name, value) => [name, ...[50, 90, 99].map((p) => ms(percentile(arrived.map(value), p)))];
  table([
    [`${arrived.length} of ${all.length} commits`, 'median', 'p90', 'p99'],
    row("writer's answer", (one) => one.answer),
    row('bare LISTEN', (one) => one.bare),
    row('subscriber', (one) => one.relay),
    row('difference', (one) => one.relay - one.bare),
  ]);
  const more = percentile(arrived.map((one) => one.relay), 50) - percentile(arrived.map((one) => one.bare), 50);
  bar(more <= most, `${inline ? 'inline' : 'by reference'}: the median is ${ms(more)} more than a bare LISTEN client sees (at most ${most} ms)`);
}

const cluster = await startCluster();
try {
  await prepare(cluster);
  sayWhere();
  for (const [inline, most] of [[false, 2], [true, 1]]) tell(await measure(cluster, inline), inline, most);
} finally {
  await cluster.stop();
}
