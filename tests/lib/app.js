// app.js -- a cluster with the application of app.sql and a relay in front of it.
//
//   const app = await startApp(test, { relay: { args: ['--pool', '2'] } });
//   app.cluster  app.relay  app.url('/api/notes/1')
//   await app.get('/api/notes/1', { headers })      await app.stream('/api/notes/1', { lastEventId })
//   await app.raw('GET …')                          await app.crowd('/api/notes/1', { readers: 1000 })
//   await app.opened(path)  await app.forgotten()  await app.heard()  await app.quietReads()
//
// Everything ends with the test file: streams, relay, cluster. The relay must exit by itself with
// status 0, so that what a sanitizer has to say at the end fails a test too.

import { strictEqual } from 'node:assert/strict';
import { join } from 'node:path';
import { after, before } from 'node:test';
import { ROOT, startCluster } from './cluster.js';
import { startCrowd } from './crowd.js';
import { startRelay } from './relay.js';
import { get, openStream, rawRequest } from './sse.js';
import { until } from './until.js';

// What fails before the first test begins (the relay does not start, say) ends the file at once: node
// would wait for the cluster, and the cluster for the end of the tests.
let begun = false;
before(() => { begun = true; });
process.on('uncaughtExceptionMonitor', (error) => {
  if (begun) return;
  console.error(error);
  process.exit(1);
});

class App {
  constructor(cluster) {
    this.cluster = cluster;
    this.streams = new Set();
    this.relays = new Set();
  }

  async startRelay(options = {}) {
    const relay = await startRelay({ database: this.cluster.url({ user: 'relay' }), ...options });
    this.relays.add(relay);
    return relay;
  }

  url(path) { return `${this.relay.url}${path}`; }
  get(path, options) { return get(this.url(path), options); }
  sql(...args) { return this.cluster.sql(...args); }
  metric(name) { return this.relay.metric(name); }

  // Opens a stream that is closed at the end; `path` may also be a whole URL.
  async stream(path, options) {
    const stream = await openStream(path.startsWith('http') ? path : this.url(path), options);
    this.streams.add(stream);
    return stream;
  }

  async raw(text, options, relay = this.relay) {
    const raw = await rawRequest(relay.url, text, options);
    this.streams.add(raw);
    return raw;
  }

  async crowd(path, options, relay = this.relay) {
    const crowd = await startCrowd(`${relay.url}${path}`, options);
    this.streams.add(crowd);
    return crowd;
  }

  // A stream of a route that was declared just now: one thread knows it a little before another.
  opened(path, options) {
    return until(async () => {
      const stream = await this.stream(path, options);
      if (stream.status === 200) return stream;
      stream.close();
      return undefined;
    }, { what: `${path} is a route` });
  }

  // Until the relay holds no document: a stream begins with what is read for it then. While another has the
  // document open it may begin with that one's, however old, and the newest comes second.
  async forgotten() {
    await until(async () => await this.metric('pgcrier_keys') === 0, { what: 'no document is held' });
  }

  // Until the relay has heard whatever is notified so far: notifications come in the order of their commits,
  // but later than the answers to those who made them.
  async heard(relay = this.relay) {
    const unknown = () => relay.metric('pgcrier_notifications_total{kind="unknown"}');
    const before = await unknown();
    let looks = 0;
    await until(async () => {
      // Again now and then: what is said while the relay connects anew is lost.
      if (looks % 100 === 0) await this.sql(`select pg_notify('crier', 'so far')`);
      looks += 1;
      return await unknown() > before;
    }, { what: 'all notifications are heard' });
  }

  // The number of reads once the relay has nothing more to do.
  async quietReads(relay = this.relay) {
    await this.heard(relay);
    let before = -1;
    return until(async () => {
      const now = await relay.metric('pgcrier_reads_total');
      const quiet = now === before && (await relay.metric('pgcrier_pool_connections{state="busy"}')) === 0;
      before = now;
      return quiet && now + 1;
    }, { every: 150, what: 'no more reads' }).then((n) => n - 1);
  }

  async stop() {
    for (const stream of this.streams) stream.close();
    try {
      for (const relay of this.relays) await stopRelay(relay);
    } finally {
      await this.cluster.stop();
      // What a failed test left open (a proxy, a socket) must not keep this process for ever.
      setTimeout(() => process.exit(), 3000).unref();
    }
  }
}

// One that a test has stopped has passed here already; one that died unasked has not.
async function stopRelay(relay) {
  const { code, signal } = relay.result ?? await relay.stop();
  if (signal === 'SIGKILL') return;
  strictEqual(code ?? signal, 0, `the relay's exit status; it said:\n${relay.lines.slice(-20).join('\n')}`);
}

// relay: options of startRelay, or false for none; sql: more of it, run after app.sql.
export async function startApp({ relay = {}, settings, sql } = {}) {
  const app = new App(await startCluster({ settings }));
  after(() => app.stop());
  app.cluster.psql(['-f', join(ROOT, 'tests', 'lib', 'app.sql')]);
  if (sql) await app.sql(sql);
  if (relay) app.relay = await app.startRelay(relay);
  return app;
}
