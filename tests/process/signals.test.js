// How the program ends: SIGTERM drains it, a second one does not wait, SIGHUP ends nothing.

import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { startApp } from '../lib/app.js';
import { get, rawRequest } from '../lib/sse.js';
import { until, within } from '../lib/until.js';

const app = await startApp({
  relay: false,
  sql: `
    create function app.slow(_seconds numeric) returns json language plpgsql stable as $$
    begin perform pg_sleep(_seconds); return to_json(_seconds); end $$;
    select crier.live('/api/slow/{seconds}', 'app.slow(numeric)');
    grant execute on all functions in schema app to relay`,
});

for (const signal of ['SIGTERM', 'SIGINT']) {
  test(`P01: ${signal}: streams end on an event boundary, cleanly, and the exit status is 0`, async () => {
    const relay = await app.startRelay();
    const streams = await Promise.all(Array.from({ length: 50 }, (_, i) => app.stream(`${relay.url}/api/notes/${1 + (i % 2)}`)));
    await Promise.all(streams.map((s) => s.next()));
    let writing = true;
    const writer = (async () => {
      for (let i = 0; writing; i += 1) await app.sql('update app.notes set body = $1 where id = 1', [`x${i}`]);
    })();
    await streams[0].next();
    const began = performance.now();
    const { code } = await relay.stop(signal);
    writing = false;
    await writer;
    strictEqual(code, 0);
    ok(performance.now() - began < 10_000);
    for (const stream of streams) {
      deepStrictEqual(await stream.ended, { how: 'end' });
      deepStrictEqual(stream.complaints, []);
    }
  });
}

test('P01: a drain finishes the requests that are being answered, and takes no new ones', async () => {
  const relay = await app.startRelay();
  const slow = get(`${relay.url}/api/slow/1.5`);
  await until(async () => (await relay.metric('pgcrier_pool_connections{state="busy"}')) === 1);
  relay.signal('SIGTERM');
  await relay.hears(/draining/);
  await until(() => get(`${relay.url}/api/notes/1`).then(() => false, (error) => error.code === 'ECONNREFUSED'),
    { what: 'connections are refused' });
  strictEqual(relay.result, undefined, 'while it still works for those who were first');
  const { status, text } = await slow;
  strictEqual(status, 200);
  strictEqual(text, '1.5');
  strictEqual((await relay.exit).code, 0);
});

test('a drain does not wait for idle connections, for silent ones, or for readers that do not read', async () => {
  const relay = await app.startRelay();
  await app.sql(`insert into app.texts values (1, to_json(repeat('x', 20000000))) on conflict (id) do nothing`);
  const idle = await rawRequest(relay.url, 'GET /api/notes/1 HTTP/1.1\r\nHost: x\r\n\r\n');
  await idle.until((text) => text.includes('"body"'));
  const silent = await rawRequest(relay.url, 'GET /api/no');
  const stalled = await rawRequest(relay.url, 'GET /api/raw/1 HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n\r\n', { paused: true });
  await until(async () => await relay.metric('pgcrier_subscribers') === 1);
  const { code } = await relay.stop('SIGTERM', 12_000);
  strictEqual(code, 0);
  for (const raw of [idle, silent, stalled]) raw.close();
});

test('P01: a second SIGTERM does not wait', async () => {
  const relay = await app.startRelay();
  const slow = get(`${relay.url}/api/slow/20`).catch((error) => error);
  await until(async () => (await relay.metric('pgcrier_pool_connections{state="busy"}')) === 1);
  relay.signal('SIGTERM');
  await relay.hears(/draining/);
  strictEqual(relay.result, undefined);
  relay.signal('SIGTERM');
  await within(relay.exit, 'it ends', 2000);
  await slow;
});

test('SIGTERM while the database is away, also before it was ever there: status 0', async () => {
  const relay = await app.startRelay({ database: 'postgresql://relay@127.0.0.1:1/test', wait: false });
  await relay.hears(/listening on/);
  strictEqual((await relay.stop()).code, 0);
});

test('SIGHUP ends nothing', async () => {
  const relay = await app.startRelay();
  const stream = await app.stream(`${relay.url}/api/notes/3`);
  await stream.next();
  relay.signal('SIGHUP');
  await relay.hears(/SIGHUP/);
  await app.sql(`update app.notes set body = 'hup' where id = 3`);
  await stream.untilDocument((d) => d.body === 'hup');
  stream.close();
  strictEqual((await relay.stop()).code, 0);
});

test('P09: SIGPIPE and clients that vanish in a write end nothing', async () => {
  const relay = await app.startRelay();
  for (let i = 0; i < 50; i += 1) {
    const raw = await rawRequest(relay.url, 'GET /api/raw/1 HTTP/1.1\r\nHost: x\r\n\r\n', { paused: true });
    raw.reset();
  }
  strictEqual((await get(`${relay.url}/api/notes/1`)).status, 200);
  strictEqual((await relay.stop()).code, 0);
});
