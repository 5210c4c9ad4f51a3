// http2.js -- what one delivery over HTTP/2 costs, beside the same through libh2o's own engine.
//
// An event of some 300 octets goes to all streams of all connections (h2c), at the same rate from the
// relay, which reads it from PostgreSQL, and from bench/h2o_http2.c, which has it in memory and does
// nothing else. The two take turns; both have one thread for clients. What is compared is the
// processor time of the server's process for a delivery.
//
//   --shapes 100x100,1000x10   connections × streams; the bar is for the first
//   --rate 20                  events a second
//   --seconds 4                of each measurement
//   --rounds 5

import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { startCluster } from '../tests/lib/cluster.js';
import { exited, freePort, start } from '../tests/lib/process.js';
import { BINARY, startRelay } from '../tests/lib/relay.js';
import { until } from '../tests/lib/until.js';
import { bar, cpuSeconds, nowNs, options, percentile, sayWhere, table } from './lib/bench.js';
import { stateDocument } from './lib/state.js';

const given = options({ shapes: '100x100,1000x10', rate: 20, seconds: 4, rounds: 5 });
const BAR = 1.3;
const FILLER = 215; // makes an event of 300 octets
const program = (name) => join(dirname(BINARY), 'bench', name);

// Readers of one server: { report(), stop() }.
async function startReaders(port, connections, streams) {
  const child = start(program('http2_crowd'), [port, '/state', connections, streams].map(String), { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const report = async () => { child.stdin.write('\n'); return JSON.parse((await lines.next()).value); };
  await until(async () => (await report()).headers === connections * streams, { limit: 60_000, what: 'all streams are open' });
  return { report, stop: async () => { child.stdin.end(); await exited(child); } };
}

async function startPgcrier(cluster) {
  const relay = await startRelay({ database: cluster.url({ user: 'relay' }), args: ['--threads', '1', '--max-address-streams', '1000000'] });
  const writer = await cluster.connect();
  let n = 0;
  let timer;
  return {
    pid: relay.pid, port: new URL(relay.url).port,
    begin: () => { timer = setInterval(() => writer.query('update state set n = $1', [n += 1]), 1000 / given.rate); },
    end: () => clearInterval(timer),
    stop: async () => { await writer.end(); await relay.stop(); },
  };
}

async function startH2o(octets) {
  const port = await freePort();
  const child = start(program('h2o_http2'), [port, octets, given.rate].map(String), { stdio: ['ignore', 'ignore', 'inherit'] });
  await sleep(200);
  return { pid: child.pid, port, begin: () => {}, end: () => {}, stop: async () => { child.kill('SIGKILL'); await exited(child); } };
}

// Processor time [µs] of a delivery, and how many were made.
async function measure(server, readers) {
  server.begin();
  await sleep(500);
  const [before, cpu, began] = [await readers.report(), await cpuSeconds(server.pid), nowNs()];
  await sleep(given.seconds * 1000);
  const [after, cpuAfter] = [await readers.report(), await cpuSeconds(server.pid)];
  const seconds = (nowNs() - began) / 1e9;
  server.end();
  const frames = after.frames - before.frames;
  return { us: (cpuAfter - cpu) * 1e6 / frames, rate: frames / seconds, octets: (after.octets - before.octets) / frames };
}

async function round(start, connections, streams) {
  const server = await start();
  const readers = await startReaders(server.port, connections, streams);
  const result = await measure(server, readers);
  await readers.stop();
  await server.stop();
  return result;
}

const cluster = await startCluster();
try {
  await stateDocument(cluster, { text: FILLER, interval: '10 ms' });
  sayWhere();
  const rows = [['connections × streams', 'deliveries/s', 'pgcrier [µs]', 'libh2o [µs]', 'ratio']];
  let first;
  for (const shape of given.shapes.split(',')) {
    const [connections, streams] = shape.split('x').map(Number);
    const results = { pgcrier: [], h2o: [] };
    for (let i = 0; i < given.rounds; i += 1) {
      const mine = await round(() => startPgcrier(cluster), connections, streams);
      results.pgcrier.push(mine);
      results.h2o.push(await round(() => startH2o(Math.round(mine.octets)), connections, streams));
    }
    const median = (who, what) => percentile(results[who].map((r) => r[what]), 50);
    const ratio = percentile(results.pgcrier.map((r, i) => r.us / results.h2o[i].us), 50);
    first ??= ratio;
    rows.push([shape, `${Math.round(median('pgcrier', 'rate'))} / ${Math.round(median('h2o', 'rate'))}`,
      median('pgcrier', 'us').toFixed(3), median('h2o', 'us').toFixed(3), ratio.toFixed(2)]);
  }
  table(rows);
  bar(first <= BAR, `a delivery costs ${first.toFixed(2)} × what it costs libh2o's own engine (at most ${BAR})`);
} finally {
  await cluster.stop();
}
