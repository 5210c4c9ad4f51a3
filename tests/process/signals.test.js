// How the program ends: SIGTERM drains it, a second one does not wait, SIGHUP ends nothing.

import { deepStrictEqual, match, ok, strictEqual } from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { startApp } from '../lib/app.js';
import { PASS, gateOf } from '../lib/gate.js';
import { PREFACE, TYPE, block, frame as h2frame, get as h2get, settings } from '../lib/h2raw.js';
import { get, rawRequest } from '../lib/sse.js';
import { until, within } from '../lib/until.js';

const app = await startApp({
  relay: false,
  sql: `
    create function app.slow() returns json language sql stable as $$ select to_json(1.5) from ${PASS} $$;
    select crier.live('/api/slow', 'app.slow()');
    create table app.done (at timestamptz default now());
    create function app.do() returns void language sql security definer as $$ insert into app.done default values $$;
    select crier.action('POST', '/api/done', 'app.do()');
    grant execute on all functions in schema app to relay`,
});
const gate = gateOf(app.cluster);

test('P01: SIGINT drains like SIGTERM', async () => {
  const relay = await app.startRelay();
  const stream = await app.stream(`${relay.url}/api/notes/1`);
  await stream.next();
  strictEqual((await relay.stop('SIGINT')).code, 0);
  deepStrictEqual(await stream.ended, { how: 'end' });
  deepStrictEqual(stream.complaints, []);
});

test('P01: whoever is in the kernel\'s queue when a drain begins is served, too', async () => {
  const relay = await app.startRelay({ args: ['--threads', '1', '--drain', '5min'] });
  relay.signal('SIGSTOP');
  const raws = await Promise.all(Array.from({ length: 200 }, // more than are accepted in one go
    () => rawRequest(relay.url, 'GET /api/notes/1 HTTP/1.1\r\nHost: x\r\n\r\n')));
  relay.signal('SIGTERM');
  relay.signal('SIGCONT');
  for (const raw of raws) await raw.until((text) => text.includes('"body"'), 'an answer');
  strictEqual((await within(relay.exit, 'it ends')).code, 0);
});

// The kernel had given them to us; a moment is left to say what they want.
for (const [name, ask, answered] of [
  ['HTTP/1.1', 'GET /api/notes/1 HTTP/1.1\r\nHost: x\r\n\r\n', /^HTTP\/1\.1 200 .*"body"/s],
  ['HTTP/2', Buffer.concat([PREFACE, settings({}), h2frame({ type: TYPE.HEADERS, id: 1, flags: 5, payload: block(h2get('/api/notes/1')) })]), /"body"/],
]) {
  test(`P01: who had connected and not yet asked when a drain began is answered, over ${name}`, async () => {
    for (let tries = 0; ; tries += 1) {
      ok(tries < 20, 'a machine that is not slower than this can test');
      const relay = await app.startRelay();
      const raw = await rawRequest(relay.url, '');
      await until(async () => await relay.metric('pgcrier_connections') === 2); // this one, and who asks for metrics
      const began = performance.now();
      relay.signal('SIGTERM');
      await relay.hears(/draining/);
      raw.send(ask);
      const late = performance.now() - began > 700;
      await raw.closed;
      strictEqual((await within(relay.exit, 'it ends')).code, 0);
      if (late) continue; // it is given a second, and this machine took most of it
      match(raw.text, answered);
      return;
    }
  });
}

test('P01: a drain finishes the requests that are being answered, and takes no new ones', async () => {
  const relay = await app.startRelay({ args: ['--drain', '5min'] });
  await gate.shut();
  const slow = await rawRequest(relay.url, 'GET /api/slow HTTP/1.1\r\nHost: x\r\n\r\n');
  await until(async () => (await relay.metric('pgcrier_pool_connections{state="busy"}')) === 1);
  relay.signal('SIGTERM');
  await relay.hears(/draining/);
  await until(() => get(`${relay.url}/api/notes/1`).then(() => false, (error) => error.code === 'ECONNREFUSED'),
    { what: 'connections are refused' });
  strictEqual(relay.result, undefined, 'while it still works for those who were first');
  await gate.open();
  await slow.closed;
  match(slow.text, /^HTTP\/1\.1 200 .*\r\nConnection: close\r\n.*\r\n\r\n1\.5$/s, 'and nobody is invited to ask once more');
  strictEqual((await relay.exit).code, 0);
});

const isStopped = (pid, task) => /^State:\tT/m.test(readFileSync(`/proc/${pid}/task/${task}/status`, 'utf8'));

// The relay is stopped between the answer that it has waited for and its next look; what comes then, it finds with that.
test('P01: what comes at the very end of a drain is answered or not done', async () => {
  for (let tries = 0; tries < 4; tries += 1) {
    const relay = await app.startRelay({ args: ['--threads', '1', '--drain', '5min'] });
    const idle = await rawRequest(relay.url, 'GET /api/notes/1 HTTP/1.1\r\nHost: x\r\n\r\n');
    await idle.until((text) => text.includes('"body"'));
    await gate.shut();
    const slow = await rawRequest(relay.url, 'GET /api/slow HTTP/1.1\r\nHost: x\r\n\r\n');
    await until(async () => (await relay.metric('pgcrier_pool_connections{state="busy"}')) === 1);
    relay.signal('SIGTERM');
    await relay.hears(/draining/);
    await sleep(1300); // so long it waits for idle connections, too
    await gate.open();
    await slow.until((text) => text.endsWith('1.5'));
    relay.signal('SIGSTOP');
    await until(() => relay.result || readdirSync(`/proc/${relay.pid}/task`).every((task) => isStopped(relay.pid, task)));
    idle.send('POST /api/done HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n');
    await sleep(100);
    relay.signal('SIGCONT');
    await idle.closed;
    strictEqual((await relay.exit).code, 0);
    const [{ done }] = await app.sql('with gone as (delete from app.done returning 1) select count(*)::integer as done from gone');
    strictEqual(done, /HTTP\/1\.1 204 /.test(idle.text) ? 1 : 0, idle.text.slice(-300)); // else 503, or nothing
  }
});

test('a drain does not wait for idle connections, nor for silent ones', async () => {
  const relay = await app.startRelay({ args: ['--drain', '5min'] });
  const idle = await rawRequest(relay.url, 'GET /api/notes/1 HTTP/1.1\r\nHost: x\r\n\r\n');
  await idle.until((text) => text.includes('"body"'));
  const silent = await rawRequest(relay.url, 'GET /api/no');
  strictEqual((await relay.stop()).code, 0);
  for (const raw of [idle, silent]) raw.close();
});

test('a drain waits for readers that do not read until its time is over', async () => {
  const relay = await app.startRelay({ args: ['--drain', '2s'] });
  await app.sql(`insert into app.texts values (1, to_json(repeat('x', 20000000))) on conflict (id) do nothing`);
  const stalled = await rawRequest(relay.url, 'GET /api/raw/1 HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n\r\n', { paused: true });
  await until(async () => await relay.metric('pgcrier_subscribers') === 1);
  strictEqual((await relay.stop()).code, 0);
  ok(relay.said(/the drain took too long/), relay.lines.join('\n'));
  stalled.close();
});

test('P01: a second SIGTERM does not wait', async () => {
  const relay = await app.startRelay({ args: ['--drain', '5min'] });
  await gate.shut();
  const slow = get(`${relay.url}/api/slow`).catch((error) => error);
  await until(async () => (await relay.metric('pgcrier_pool_connections{state="busy"}')) === 1);
  relay.signal('SIGTERM');
  await relay.hears(/draining/);
  strictEqual(relay.result, undefined);
  relay.signal('SIGTERM');
  await within(relay.exit, 'it ends');
  await slow;
  await gate.open();
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
