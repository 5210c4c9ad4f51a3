// slow.js -- a large document changes fast; most subscribers read, some never do.
//
// Nobody can have every state of it here: a reader gets the newest whenever it has taken the one
// before. So what counts is that all who read hold the last state in the end, and that neither they
// nor those who never read cost the relay memory.
//
//   --readers 1000  --sleepers 100
//   --octets 100000   of the document
//   --rate 20         changes a second
//   --seconds 30
//   --threads 2       of the relay

import { setTimeout as sleep } from 'node:timers/promises';
import { startCluster } from '../tests/lib/cluster.js';
import { startRelay } from '../tests/lib/relay.js';
import { startCrowd } from '../tests/lib/crowd.js';
import { until } from '../tests/lib/until.js';
import { bar, cpuSeconds, memory, mib, MIB, ms, nowNs, options, sayWhere, table } from './lib/bench.js';
import { stateDocument } from './lib/state.js';

const given = options({ readers: 1000, sleepers: 100, octets: 100_000, rate: 20, seconds: 30, threads: 2 });

// Samples the memory until told to stop; the largest.
function watchMemory(pid) {
  let going = true;
  const largest = (async () => {
    let max = 0;
    for (; going; await sleep(100)) max = Math.max(max, await memory(pid));
    return max;
  })();
  return () => { going = false; return largest; };
}

async function write(cluster) {
  const began = nowNs();
  let n = 0;
  while (nowNs() - began < given.seconds * 1e9) {
    n += 1;
    await cluster.sql('update state set n = $1', [n]);
    await sleep(Math.max(0, (began + n * 1e9 / given.rate - nowNs()) / 1e6));
  }
  return n;
}

const cluster = await startCluster();
try {
  await stateDocument(cluster, { text: given.octets - 30, interval: '0' });
  const relay = await startRelay({ database: cluster.url({ user: 'relay' }), args: ['--threads', String(given.threads)] });
  sayWhere();
  const empty = await memory(relay.pid);
  const crowd = await startCrowd(`${relay.url}/state`, { readers: given.readers, sleepers: given.sleepers });
  await crowd.all(() => true, { limit: 60_000 });
  await until(async () => await relay.metric('pgcrier_subscribers') === given.readers + given.sleepers);
  const connected = await memory(relay.pid);

  const before = { cpu: await cpuSeconds(relay.pid), metrics: await relay.metrics() };
  const stop = watchMemory(relay.pid);
  const n = await write(cluster);
  const written = nowNs();
  const last = await crowd.all((event) => event.data.startsWith(`{"n" : ${n},`), { limit: 60_000 }).catch(() => undefined);
  const largest = await stop();
  const after = { cpu: await cpuSeconds(relay.pid), metrics: await relay.metrics() };
  const report = await crowd.report();
  const grown = (name) => after.metrics.get(name) - before.metrics.get(name);

  table([
    [`${n} changes of ${given.octets} octets`, ''],
    ['deliveries', grown('pgcrier_deliveries_total')],
    ['sent', mib(grown('pgcrier_sent_bytes_total'))],
    ["relay's CPU", `${(after.cpu - before.cpu).toFixed(1)} s`],
    ['all readers have the last one after', last ? ms((last.last_ns - written) / 1e6) : 'never'],
    ['resident memory, nobody connected', mib(empty)],
    ['all connected', mib(connected)],
    ['at its largest', mib(largest)],
    ['frames in memory at the end', `${after.metrics.get('pgcrier_frame_bytes')} octets`],
    ['cut by the relay', `${grown('pgcrier_cut_total{reason="slow"}')} slow, ${grown('pgcrier_cut_total{reason="budget"}')} over the budget`],
  ]);
  const converged = last !== undefined && report.reading === given.readers;
  bar(converged, `all ${given.readers} who read have the last state: ${JSON.stringify(report.now.map((e) => e.count))}`);
  bar(largest - empty < 32 * MIB, `the relay's memory grows by ${mib(largest - empty)} (less than 32 MiB)`);
  await crowd.stop();
  await relay.stop();
} finally {
  await cluster.stop();
}
