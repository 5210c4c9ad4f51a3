// peers.js -- what one broadcast costs: pgcrier, node with node-postgres, nginx with nchan.
//
// The same event (300 octets) goes at the same rate to the same number of HTTP/1.1 subscribers, one peer
// after the other, in several rounds; what is compared is the processor time of the server's
// processes for a million deliveries. The clients' and PostgreSQL's are not counted.
//
// The others are given an advantage each: the node server relays the payload of a NOTIFY and reads
// nothing; nchan has no database behind it at all, its events come by POST.
//
//   --subscribers 1000,10000
//   --deliveries 50000   a second; the rate follows from it
//   --seconds 5          of each measurement
//   --rounds 3
//   --threads 2          of the relay; processes of nginx
//
// nchan takes part where Debian's libnginx-mod-nchan is installed (with any nginx package).

import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { startCluster } from '../tests/lib/cluster.js';
import { startCrowd } from '../tests/lib/crowd.js';
import { exited, freePort, start } from '../tests/lib/process.js';
import { startRelay } from '../tests/lib/relay.js';
import { get } from '../tests/lib/sse.js';
import { until } from '../tests/lib/until.js';
import { cpuSeconds, memory, nowNs, options, percentile, sayWhere, table } from './lib/bench.js';
import { stateDocument } from './lib/state.js';

const given = options({ subscribers: '1000,10000', deliveries: 50_000, seconds: 5, rounds: 3, threads: 2 });
const NCHAN = '/usr/lib/nginx/modules/ngx_nchan_module.so';
const FILLER = 280; // makes an event of 300 octets
const event = (n) => JSON.stringify({ n, text: 'x'.repeat(FILLER) });

// Each peer: { url, pids(), send(n), stop() }.

async function pgcrier(cluster) {
  const relay = await startRelay({ database: cluster.url({ user: 'relay' }), args: ['--threads', String(given.threads)] });
  const writer = await cluster.connect();
  return {
    url: `${relay.url}/state`,
    pids: async () => [relay.pid],
    send: (n) => writer.query('update state set n = $1', [n]),
    stop: async () => { await writer.end(); await relay.stop(); },
  };
}

async function node(cluster) {
  const { directory: host, port, user, database } = cluster;
  const child = start('node', [fileURLToPath(new URL('lib/sse_server.js', import.meta.url))], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, BENCH_DATABASE: JSON.stringify({ host, port, user, database }) },
  });
  const [url] = await once(createInterface({ input: child.stdout }), 'line');
  const writer = await cluster.connect();
  return {
    url: `${url}/state`,
    pids: async () => [child.pid],
    send: (n) => writer.query(`select pg_notify('bench', $1)`, [event(n)]),
    stop: async () => { await writer.end(); child.stdin.end(); await exited(child); },
  };
}

async function nchan() {
  const directory = mkdtempSync(join(tmpdir(), 'pgcrier-nchan-'));
  const port = await freePort();
  writeFileSync(join(directory, 'nginx.conf'), `
    load_module ${NCHAN};
    daemon off; pid ${directory}/pid; error_log ${directory}/log;
    user root; worker_processes ${given.threads}; worker_rlimit_nofile 20000;
    events { worker_connections 15000; }
    http {
      access_log off; server_tokens off;
      client_body_temp_path ${directory}/a; proxy_temp_path ${directory}/b; fastcgi_temp_path ${directory}/c;
      uwsgi_temp_path ${directory}/d; scgi_temp_path ${directory}/e;
      nchan_shared_memory_size 128M;
      server {
        listen 127.0.0.1:${port} backlog=4096 reuseport;
        location = /state { nchan_subscriber eventsource; nchan_channel_id s; }
        location = /send { nchan_publisher; nchan_channel_id s; nchan_message_buffer_length 1; }
      }
    }`);
  const child = start('nginx', ['-p', directory, '-c', join(directory, 'nginx.conf')], { stdio: ['ignore', 'inherit', 'inherit'] });
  const base = `http://127.0.0.1:${port}`;
  await until(() => get(`${base}/send`), { what: 'nginx answers' });
  return {
    url: `${base}/state`,
    pids: async () => (await readFile(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8')).trim().split(' ').map(Number),
    send: (n) => get(`${base}/send`, { method: 'POST', body: event(n) }),
    stop: async () => { child.kill('SIGTERM'); await exited(child); rmSync(directory, { recursive: true }); },
  };
}

const sum = async (pids, what) => (await Promise.all(pids.map(what))).reduce((a, b) => a + b, 0);

async function measure(make, cluster, subscribers) {
  const peer = await make(cluster);
  const pids = await peer.pids();
  const empty = await sum(pids, memory);
  const crowd = await startCrowd(peer.url, { readers: subscribers, from: ['127.0.0.2', '127.0.0.3'] });
  // Some send nothing to one who comes, so a first event tells when all are there.
  let n = 0;
  await until(async () => { await peer.send(n += 1); await sleep(200); return crowd.alls.length > 0; }, { limit: 60_000 });
  const full = await sum(pids, memory);

  const events = Math.round(given.seconds * given.deliveries / subscribers);
  const before = { cpu: await sum(pids, cpuSeconds), events: (await crowd.report()).events };
  const began = nowNs();
  for (let i = 1; i <= events; i += 1) {
    await peer.send(n += 1);
    await sleep(Math.max(0, (began + i * given.seconds * 1e9 / events - nowNs()) / 1e6));
  }
  const last = await crowd.all((one) => one.data.startsWith(`{"n":${n},`) || one.data.startsWith(`{"n" : ${n},`), { limit: 60_000 });
  const after = { cpu: await sum(pids, cpuSeconds), report: await crowd.report() };
  const result = {
    deliveries: after.report.events - before.events,
    wanted: events * subscribers,
    spread: crowd.alls.slice(-events).map((one) => (one.last_ns - one.first_ns) / 1e6),
    took: (last.last_ns - began) / 1e9,
    octets: (full - empty) / subscribers,
  };
  result.cost = (after.cpu - before.cpu) / result.deliveries * 1e6;
  await crowd.stop();
  await peer.stop();
  return result;
}

const peers = new Map([['pgcrier', pgcrier], ['node', node]]);
if (existsSync(NCHAN)) peers.set('nchan', nchan);
else console.log('nchan does not take part: apt-get install nginx-light libnginx-mod-nchan');

const cluster = await startCluster();
try {
  await stateDocument(cluster, { text: FILLER, interval: '0' });
  sayWhere();
  for (const subscribers of String(given.subscribers).split(',').map(Number)) {
    const results = new Map([...peers.keys()].map((name) => [name, []]));
    for (let round = 0; round < given.rounds; round += 1) {
      for (const [name, make] of peers) results.get(name).push(await measure(make, cluster, subscribers));
    }
    const of = (name, value, p = 50) => percentile(results.get(name).map(value), p);
    const ours = of('pgcrier', (r) => r.cost);
    table([
      [`${subscribers} subscribers`, 'CPU s / million', 'ratio', 'delivered', 'first to last', 'octets each'],
      ...[...peers.keys()].map((name) => [
        name, of(name, (r) => r.cost).toFixed(1), (of(name, (r) => r.cost) / ours).toFixed(2),
        `${(of(name, (r) => r.deliveries / r.wanted) * 100).toFixed(0)} %`,
        `${of(name, (r) => percentile(r.spread, 50)).toFixed(1)} ms`, Math.round(of(name, (r) => r.octets)),
      ]),
    ]);
  }
} finally {
  await cluster.stop();
}
