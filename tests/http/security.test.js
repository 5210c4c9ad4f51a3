// What must not get out, and what must not go round in circles.

import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { startApp } from '../lib/app.js';
import { ROOT } from '../lib/cluster.js';
import { get } from '../lib/sse.js';
import { until } from '../lib/until.js';

const NAMED = 'https://good.example';
const app = await startApp({
  sql: `${readFileSync(join(ROOT, 'tests/lib/writes.sql'), 'utf8')};
    create function app.loop() returns json language plpgsql volatile as $$
    begin perform pg_notify('crier', '{"topic":"/api/loop"}'); return to_json(clock_timestamp()); end $$;
    grant execute on function app.loop() to relay;
    select crier.live('/api/loop', 'app.loop()', min_interval => '50 ms')`,
  relay: { args: ['--prefix', '/live', '--allow-origin', NAMED, '--log-level', 'debug'] },
});
const send = (path, body, headers = {}) => app.get(`/live${path}`, { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json', ...headers } });

test('S09, S13: nobody guesses a type, and no cache mixes a document with its stream', async () => {
  const answers = [
    await app.get('/live/api/notes/1'), await app.get('/live/api/notes/99'), await app.get('/live/api/notes/x'),
    await app.stream('/live/api/notes/1'), await app.get('/nothing'),
  ];
  for (const { status, headers } of answers) {
    strictEqual(headers['x-content-type-options'], 'nosniff', `${status}`);
    ok(headers['cache-control'].includes('no-cache'), `${status}`);
    ok(headers.vary.includes('Accept'), `${status}`);
    strictEqual(headers.server, 'pgcrier', 'and no version');
  }
  answers[3].close();
});

test('S16: a read that notifies its own topic is read at its interval, not as fast as can be', async () => {
  const stream = await app.stream('/live/api/loop');
  await stream.next();
  const began = performance.now();
  const before = await app.metric('pgcrier_reads_total');
  const reads = await until(async () => { const n = await app.metric('pgcrier_reads_total') - before; return n >= 10 && n; }, { what: '10 reads' });
  const most = (performance.now() - began) / 50 + 2;
  stream.close();
  ok(reads <= most, `${reads} reads where ${most} are due at most`);
  const other = await app.stream('/live/api/notes/1');
  await other.next();
  other.close();
});

test('S17: no password, no argument, no body and no header in the log', async () => {
  const relay = await app.startRelay({
    database: `${app.cluster.url({ user: 'relay' })}&password=s3cret-password`,
    args: ['--log-level', 'debug'],
  });
  await get(`${relay.url}/api/echo/s3cret-argument?x=s3cret-query`, { headers: { authorization: 'Bearer s3cret-token', cookie: 's3cret-cookie' } });
  await get(`${relay.url}/api/entries`, { method: 'POST', body: '{"title":"s3cret-body"', headers: { 'content-type': 'application/json' } });
  await get(`${relay.url}/api/moods/s3cret-value`);
  await relay.stop();
  const wrong = await app.startRelay({ database: 'postgresql://relay:s3cret-password@127.0.0.1:1/test', wait: false });
  await wrong.hears(/database/);
  await wrong.stop();
  const told = [...relay.lines, ...wrong.lines, ...app.relay.lines].filter((line) => line.includes('s3cret'));
  deepStrictEqual(told, []);
});

test('a Location of a function is below --prefix, and other origins may read it, and failures too', async () => {
  const made = await send('/api/entries', { title: 'made' }, { origin: NAMED });
  strictEqual(made.status, 201, made.text);
  strictEqual(made.headers.location, `/live/api/entries/${made.json().id}`);
  strictEqual(made.headers['access-control-allow-origin'], NAMED);
  strictEqual((await app.get(made.headers.location)).status, 200);
  const answer = (response) => send('/api/answer', response, { origin: NAMED });
  strictEqual((await answer({ status: 303, headers: { location: '//elsewhere.example/x' } })).headers.location, '//elsewhere.example/x');
  strictEqual((await answer({ status: 303, headers: { location: 'https://elsewhere.example/x' } })).headers.location, 'https://elsewhere.example/x');
  const failed = await answer({ headers: { x: 'a\r\nb' } });
  strictEqual(failed.status, 500);
  strictEqual(failed.headers['access-control-allow-origin'], NAMED);
});
