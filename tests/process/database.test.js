// What happens to PostgreSQL, or to the way there, and what clients see of it. Streams stay open
// through all of it, and hold the right document afterwards.

import { deepStrictEqual, match, ok, strictEqual } from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { startApp } from '../lib/app.js';
import { startProxy } from '../lib/proxy.js';
import { get, openStream } from '../lib/sse.js';
import { until, within } from '../lib/until.js';

const app = await startApp();
const { cluster } = app;

beforeEach(async () => {
  if (!cluster.server) await cluster.start(); // a test that failed may have left it down
});

const LISTENER = `application_name = 'pgcrier listener'`;
const POOL = `application_name = 'pgcrier'`;
const terminate = (where) => cluster.sql(
  `select pg_terminate_backend(pid) from pg_stat_activity where datname = 'test' and ${where}`, [], { database: 'postgres' });
const setNote = (id, body) => app.sql('update app.notes set body = $2 where id = $1', [id, body]);

// The direct query is the truth that every stream must end with.
async function converged(streams, id, limit) {
  const [note] = await app.sql('select id, body from app.notes where id = $1', [id]);
  await within(Promise.all(streams.map((s) => s.until((event) => {
    const { body } = JSON.parse(event.data);
    return body === note.body;
  }).catch((error) => { if (s.document?.body !== note.body) throw error; }))), `all have ${note.body}`, limit);
  for (const s of streams) {
    strictEqual(s.over, undefined, 'the stream is still open');
    deepStrictEqual(s.complaints, []);
  }
}

for (const [number, mode] of [['F01', 'fast'], ['F02', 'immediate']]) {
  test(`${number}: restart ${mode} under 100 streams: none ends, JSON is 503 meanwhile, all converge`, async () => {
    const streams = await Promise.all(Array.from({ length: 100 }, (_, i) => app.stream(`/api/notes/${1 + (i % 3)}`)));
    await Promise.all(streams.map((s) => s.next()));
    await cluster.shutdown(mode);
    await Promise.all(streams.map((s) => s.comment('database away')));
    const refused = await app.get('/api/notes/1');
    strictEqual(refused.status, 503);
    match(refused.headers['retry-after'], /^\d+$/);
    strictEqual((await get(`${app.relay.admin}/readyz`)).status, 503);
    const late = await app.stream('/api/notes/1');
    strictEqual(late.status, 200, 'a stream begun meanwhile waits');
    await late.comment('database away');
    await cluster.start();
    await setNote(1, `after ${mode}`);
    await Promise.all([...streams, late].map((s) => s.comment('database back')));
    await converged([...streams.filter((_, i) => i % 3 === 0), late], 1);
    strictEqual((await app.get('/api/notes/1')).status, 200);
    const quiet = streams[1];
    strictEqual(quiet.events.length, 1, 'what did not change is not sent again');
    for (const s of [...streams, late]) s.close();
  });
}

// Who repeats a parameter, say, is read by the database alone, and must not wait without a word until a proxy gives up.
test('F01: a stream whose spelling only the database can read waits as any other', async () => {
  const relay = await app.startRelay({ args: ['--threads', '1'] });
  const open = (path) => app.stream(`${relay.url}/api/notes/${path}`);
  const canonical = await open('1');
  strictEqual((await get(`${relay.url}/api/notes/01`)).status, 200); // this one is known
  await cluster.shutdown('fast');
  await canonical.comment('database away');
  (await open('0002')).close();
  let asked; // twice a second, while somebody waits
  await until(async () => asked === (asked = await relay.metric('pgcrier_resolves_total')), { every: 1200, what: 'who has left is forgotten' });
  const [known, there, wrong] = await Promise.all(['01', '0001', 'wrong'].map(open));
  for (const stream of [known, there, wrong]) {
    strictEqual(stream.status, 200);
    await stream.comment('database away');
  }
  await cluster.start();
  for (const stream of [known, there]) await stream.untilDocument((d) => d.id === 1);
  await setNote(1, 'spelled');
  for (const stream of [known, there]) {
    await stream.untilDocument((d) => d.body === 'spelled');
    deepStrictEqual(stream.comments.filter((comment) => /database/.test(comment)), [' database away', ' database back']);
  }
  strictEqual((await wrong.next()).type, 'gone');
  deepStrictEqual(await wrong.ended, { how: 'end' });
  for (const stream of [canonical, known, there]) stream.close();
  strictEqual((await relay.stop()).code, 0);
});

test('F02: an immediate restart while 20 writers commit: the documents are the recovered state', async () => {
  const streams = await Promise.all(Array.from({ length: 10 }, () => app.stream('/api/notes/2')));
  await Promise.all(streams.map((s) => s.next()));
  let writing = true;
  let committed = 0;
  const writers = Array.from({ length: 20 }, async (_, i) => {
    const client = await cluster.connect();
    for (let n = 0; writing; n += 1) {
      try {
        await client.query('update app.notes set body = $1 where id = 2', [`w${i}-${n}`]);
        committed += 1;
      } catch { return; }
    }
    await client.end();
  });
  await until(() => committed > 200);
  await cluster.restart('immediate');
  writing = false;
  await Promise.all(writers);
  await converged(streams, 2);
  streams.forEach((s) => s.close());
});

test('F03: kill -9 of the listening backend, hence a crash restart of all', async () => {
  const stream = await app.stream('/api/notes/1');
  await stream.next();
  const { pid } = await until(async () => (await cluster.backends(LISTENER))[0]);
  process.kill(pid, 'SIGKILL');
  await until(async () => (await cluster.backends(LISTENER)).some((b) => b.pid !== pid));
  await setNote(1, 'after the crash');
  await converged([stream], 1);
  stream.close();
});

test('F04: the LISTEN backend terminated: what was committed meanwhile is found by reading all again', async () => {
  const streams = await Promise.all([1, 1, 3].map((id) => app.stream(`/api/notes/${id}`)));
  await Promise.all(streams.map((s) => s.next()));
  const resyncs = await app.metric('pgcrier_resyncs_total');
  // In one transaction, so that the listener is gone when the notification goes out.
  await app.sql(`begin; update app.notes set body = 'missed' where id = 1;
    select pg_terminate_backend(pid, 60000) from pg_stat_activity where ${LISTENER}; commit`); // it waits until that is gone
  await converged(streams.slice(0, 2), 1);
  await until(async () => await app.metric('pgcrier_resyncs_total') > resyncs, { what: 'all was read again' });
  ok(!streams[0].comments.some((c) => c.includes('database away')), 'the database was never away');
  strictEqual(streams[2].events.length, 1);
  streams.forEach((s) => s.close());
});

test('F04: again and again', async () => {
  const stream = await app.stream('/api/notes/1');
  await stream.next();
  for (let i = 0; i < 5; i += 1) {
    await until(async () => await app.metric('pgcrier_listening') === 1);
    await terminate(LISTENER);
    await setNote(1, `time ${i}`);
    await converged([stream], 1);
  }
  stream.close();
});

test('F05: a pool connection terminated during a read: the read is repeated, the client notices nothing', async () => {
  await app.sql(`insert into app.moods values (5, 'sleep')`);
  const answer = app.get('/api/moods/5');
  const running = `${POOL} and state = 'active' and wait_event = 'PgSleep'`;
  await until(async () => (await cluster.backends(running)).length === 1);
  await app.sql(`begin; set local crier.off = 'on'; update app.moods set mood = 'happy' where id = 5; commit`);
  await terminate(running);
  const { status, text } = await answer;
  strictEqual(status, 200, text);
  strictEqual(JSON.parse(text).mood, 'happy');
});

test('F05: all pool connections terminated, again and again, under load', async () => {
  let loading = true;
  const statuses = new Map();
  const load = Array.from({ length: 8 }, async () => {
    while (loading) {
      const { status } = await app.get('/api/notes/3');
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
  });
  for (let i = 0; i < 10; i += 1) {
    const before = statuses.get(200) ?? 0;
    await terminate(POOL);
    await until(() => (statuses.get(200) ?? 0) > before + 20);
  }
  loading = false;
  await Promise.all(load);
  deepStrictEqual([...statuses.keys()].filter((s) => s !== 200 && s !== 503), []);
});

test('F45: no connection left at a reconnect: streams live, readyz is 503, then it recovers', async () => {
  const stream = await app.stream('/api/notes/1');
  await stream.next();
  await app.sql('alter role relay connection limit 0');
  await terminate(`usename = 'relay'`);
  await stream.comment('database away');
  await until(async () => (await get(`${app.relay.admin}/readyz`)).status === 503);
  strictEqual((await app.get('/api/notes/1')).status, 503);
  await app.sql('alter role relay connection limit -1');
  await setNote(1, 'connected again');
  await converged([stream], 1);
  await until(async () => (await get(`${app.relay.admin}/readyz`)).status === 200);
  stream.close();
});

test('F45: no connection at the start: it waits, and says why; streams wait with it', async () => {
  await app.sql('alter role relay connection limit 0');
  await terminate(`usename = 'relay'`);
  const relay = await app.startRelay({ wait: false, args: ['--heartbeat', '5min'] }); // so long they may wait
  await relay.hears(/listening on/);
  await relay.hears(/too many connections/);
  strictEqual((await get(`${relay.admin}/readyz`)).status, 503);
  strictEqual((await get(`${relay.admin}/healthz`)).status, 200);
  const stream = app.stream(`${relay.url}/api/notes/1`);
  await app.sql('alter role relay connection limit -1');
  await relay.ready();
  strictEqual((await stream).status, 200);
  strictEqual((await (await stream).next()).type, 'note');
  (await stream).close();
  strictEqual((await relay.stop()).code, 0);
});

// A proxy waits for a minute, and then has an answer of its own, for which a browser gives up for ever.
test('F45: no database since the start: who asks for a stream is sent away within a heartbeat, or when a drain begins, to come back', async () => {
  const without = (...args) => app.startRelay({ database: 'postgresql://relay@127.0.0.1:1/test', wait: false, args });
  const sentAway = async (stream) => {
    strictEqual(stream.status, 200);
    deepStrictEqual(await stream.ended, { how: 'end' });
    ok(stream.comments.includes(' database away') && stream.retry >= 1000);
    deepStrictEqual([stream.events, stream.complaints], [[], []]);
  };
  const relay = await without('--heartbeat', '300ms');
  await until(() => relay.url && relay.admin);
  await sentAway(await openStream(`${relay.url}/api/notes/1`));
  strictEqual((await relay.stop()).code, 0);
  const patient = await without('--heartbeat', '5min', '--drain', '5min');
  await until(() => patient.url && patient.admin);
  const opening = openStream(`${patient.url}/api/notes/1`);
  await until(async () => await patient.metric('pgcrier_connections') === 2, { what: 'it has come' });
  patient.signal('SIGTERM');
  await sentAway(await opening);
  strictEqual((await within(patient.exit, 'it ends')).code, 0);
});

test('F06: the LISTEN link black-holed: the canary finds it, the relay connects anew and reads all again', async () => {
  const proxy = await startProxy({ port: cluster.port });
  const relay = await app.startRelay({
    args: ['--listen-database', cluster.tcpUrl({ user: 'relay', port: proxy.port })],
  });
  const stream = await app.stream(`${relay.url}/api/notes/1`);
  await stream.next();
  proxy.blackHole();
  await setNote(1, 'into the void');
  await until(async () => await relay.metric('pgcrier_listening') === 0, { what: 'it notices' });
  strictEqual((await get(`${relay.admin}/readyz`)).status, 503);
  proxy.pass();
  await stream.untilDocument((d) => d.body === 'into the void');
  strictEqual(stream.over, undefined);
  stream.close();
  strictEqual((await relay.stop()).code, 0);
  await proxy.stop();
});

test('F07: the pool link black-holed in a read: the connection is given up, the next read works', async () => {
  const proxy = await startProxy({ port: cluster.port });
  const relay = await app.startRelay({
    database: cluster.tcpUrl({ user: 'relay', port: proxy.port }), args: ['--query-timeout', '1s'],
  });
  const stream = await app.stream(`${relay.url}/api/notes/1`);
  await stream.next();
  proxy.blackHole();
  const answer = get(`${relay.url}/api/notes/3`);
  await setNote(1, 'unheard');
  strictEqual((await answer).status, 503);
  proxy.pass();
  await stream.untilDocument((d) => d.body === 'unheard');
  await until(async () => (await get(`${relay.url}/api/notes/3`)).status === 200);
  strictEqual(stream.over, undefined);
  stream.close();
  strictEqual((await relay.stop()).code, 0);
  await proxy.stop();
});

test('F08: 300 ms to the database and back, sometimes more: converges, without reconnecting', async () => {
  const proxy = await startProxy({ port: cluster.port });
  proxy.delay(150);
  const relay = await app.startRelay({ database: cluster.tcpUrl({ user: 'relay', port: proxy.port }) });
  const stream = await app.stream(`${relay.url}/api/notes/1`);
  await stream.next();
  const resyncs = await relay.metric('pgcrier_resyncs_total');
  const accepted = proxy.accepted;
  for (let i = 0; i < 30; i += 1) {
    proxy.delay(i % 10 === 9 ? 450 : 150); // a packet that is lost comes late, and all behind it
    await setNote(1, `far ${i}`);
  }
  await stream.untilDocument((d) => d.body === 'far 29');
  strictEqual(await relay.metric('pgcrier_resyncs_total'), resyncs);
  ok(proxy.accepted - accepted <= 4, 'no more connections than the pool has');
  stream.close();
  strictEqual((await relay.stop()).code, 0);
  await proxy.stop();
});

test('F08: the link cut again and again: converges', async () => {
  const proxy = await startProxy({ port: cluster.port });
  const relay = await app.startRelay({ database: cluster.tcpUrl({ user: 'relay', port: proxy.port }) });
  const stream = await app.stream(`${relay.url}/api/notes/1`);
  await stream.next();
  for (let i = 0; i < 8; i += 1) {
    proxy.cut();
    await setNote(1, `cut ${i}`);
    await stream.untilDocument((d) => d.body === `cut ${i}`);
  }
  strictEqual(stream.over, undefined);
  stream.close();
  strictEqual((await relay.stop()).code, 0);
  await proxy.stop();
});

// As a pooler does that has lost its server: it would be asked as fast as it refuses.
test('F08: connections that break as soon as they are used are made ever more slowly', async () => {
  const proxy = await startProxy({ port: cluster.port });
  const relay = await app.startRelay({
    database: cluster.tcpUrl({ user: 'relay', port: proxy.port }), args: ['--listen-database', cluster.url({ user: 'relay' }), '--pool', '1'],
  });
  const stream = await app.stream(`${relay.url}/api/notes/1`);
  await stream.next();
  proxy.refuseQueries();
  await setNote(1, 'refused');
  const [before, since] = [proxy.accepted, performance.now()];
  await until(() => proxy.accepted >= before + 6, { what: 'six are tried' }); // the first at once, the old one having served
  ok(performance.now() - since > 1000, 'each waits longer than the one before');
  proxy.pass();
  await stream.untilDocument((d) => d.body === 'refused');
  stream.close();
  strictEqual((await relay.stop()).code, 0);
  await proxy.stop();
});
