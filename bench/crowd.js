// crowd.js -- ten thousand subscribers connect at once to one document; then it changes once.
//
//   --subscribers 10000
//   --threads 2        of the relay

import { startCluster } from '../tests/lib/cluster.js';
import { startRelay } from '../tests/lib/relay.js';
import { startCrowd } from '../tests/lib/crowd.js';
import { until } from '../tests/lib/until.js';
import { bar, cpuSeconds, memory, mib, ms, nowNs, options, sayWhere, table } from './lib/bench.js';
import { stateDocument } from './lib/state.js';

const given = options({ subscribers: 10_000, threads: 2 });

async function queries(relay) {
  const metrics = await relay.metrics();
  return metrics.get('pgcrier_reads_total') + metrics.get('pgcrier_resolves_total');
}

const cluster = await startCluster();
try {
  await stateDocument(cluster, { text: 280, path: '/state/{id}', of: 'integer', topic: '/state/1' });
  const relay = await startRelay({ database: cluster.url({ user: 'relay' }), args: ['--threads', String(given.threads)] });
  const empty = { octets: await memory(relay.pid), queries: await queries(relay), cpu: await cpuSeconds(relay.pid) };
  sayWhere();

  const crowd = await startCrowd(`${relay.url}/state/1`, { readers: given.subscribers, from: ['127.0.0.2', '127.0.0.3'] });
  const first = await crowd.all(() => true, { limit: 60_000 });
  const { began_ns: began, answers, failed } = await crowd.report();
  const subscribers = await until(async () => {
    const n = await relay.metric('pgcrier_subscribers');
    return n === given.subscribers && n;
  });
  const full = { octets: await memory(relay.pid), queries: await queries(relay), cpu: await cpuSeconds(relay.pid) };

  const commit = nowNs();
  await cluster.sql('update state set n = 1');
  const change = await crowd.all((event) => event.data.startsWith('{"n" : 1,'), { limit: 60_000 });
  const after = { octets: await memory(relay.pid), queries: await queries(relay), cpu: await cpuSeconds(relay.pid) };

  table([
    [`${subscribers} subscribers`, ''],
    ['first document at the first', ms((first.first_ns - began) / 1e6)],
    ['first document at the last', ms((first.last_ns - began) / 1e6)],
    ['queries for it', full.queries - empty.queries],
    ["relay's CPU for it", `${(full.cpu - empty.cpu).toFixed(2)} s`],
    ['resident memory', `${mib(empty.octets)}, then ${mib(full.octets)}`],
    ['for each subscriber', `${Math.round((full.octets - empty.octets) / subscribers)} octets`],
    ['change at the first', ms((change.first_ns - commit) / 1e6)],
    ['change at the last', ms((change.last_ns - commit) / 1e6)],
    ['queries for it', after.queries - full.queries],
    ["relay's CPU for it", `${(after.cpu - full.cpu).toFixed(2)} s`],
  ]);
  const served = answers['200'] === given.subscribers && failed === 0;
  bar(served, `all ${given.subscribers} are answered 200: ${JSON.stringify(answers)}, ${failed} failed to connect`);
  bar(full.queries - empty.queries <= 2, `${full.queries - empty.queries} queries for all of them (at most 2)`);
  await crowd.stop();
  await relay.stop();
} finally {
  await cluster.stop();
}
