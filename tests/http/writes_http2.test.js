// Writes and blobs over HTTP/2: the same answers, windows under flow control, an end that nobody takes for the whole.

import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { startApp } from '../lib/app.js';
import { ROOT } from '../lib/cluster.js';
import { connect2 } from '../lib/h2.js';
import { until } from '../lib/until.js';

const app = await startApp({ sql: readFileSync(join(ROOT, 'tests/lib/writes.sql'), 'utf8') });
const client = await connect2(app.relay.url);
const LARGE = await app.cluster.value('select bytes from app.files where id = 80');
const JSON_TYPE = { 'content-type': 'application/json' };
const send = (method, path, body, headers = JSON_TYPE) => client.get(path, { method, body: JSON.stringify(body), headers });

test('a write: created, refused, not allowed; its headers reach the function', async () => {
  const made = await send('POST', '/api/entries', { title: 'second' });
  strictEqual(made.status, 201, made.text);
  strictEqual(made.headers.location, `/api/entries/${made.json().id}`);
  strictEqual((await send('PATCH', made.headers.location, { title: 'edited' })).status, 204);
  strictEqual((await client.get(made.headers.location)).json().title, 'edited');
  strictEqual((await send('POST', '/api/entries', { title: 1 })).status, 400);
  strictEqual((await send('POST', '/api/entries', { title: 'x' }, {})).status, 415);
  const refused = await send('PUT', made.headers.location, {});
  strictEqual(refused.status, 405);
  deepStrictEqual(refused.headers.allow.split(', ').sort(), ['DELETE', 'GET', 'HEAD', 'PATCH']);
  strictEqual((await send('POST', '/api/headers/x-word', undefined, { 'x-word': 'two' })).json(), 'two');
  strictEqual((await send('POST', '/api/headers/host', undefined, {})).json(), new URL(app.relay.url).host);
  strictEqual((await send('POST', '/api/answer', { status: 204, body: 'x' })).text, '');
  strictEqual((await send('POST', '/api/answer', { headers: { x: 'a\r\nb' } })).status, 500);
});

test('many writes at once on one connection', async () => {
  const answers = await Promise.all(Array.from({ length: 60 }, (_, i) => send('POST', '/api/types', { i })));
  deepStrictEqual(answers.map((a) => a.json().i), Array.from({ length: 60 }, (_, i) => i));
});

test('a blob: whole, a range, HEAD, 304, 416', async () => {
  const whole = await client.get('/files/8');
  ok(whole.body.equals(LARGE));
  deepStrictEqual([whole.headers['content-type'], whole.headers['content-length']], ['audio/wav', String(LARGE.length)]);
  const part = await client.get('/files/8', { headers: { range: 'bytes=131000-400000' } });
  strictEqual(part.status, 206);
  ok(part.body.equals(LARGE.subarray(131000, 400001)));
  const head = await client.get('/files/8', { method: 'HEAD' });
  deepStrictEqual([head.status, head.body.length, head.headers.etag], [200, 0, whole.headers.etag]);
  strictEqual((await client.get('/files/8', { headers: { 'if-none-match': whole.headers.etag } })).status, 304);
  strictEqual((await client.get('/files/8', { headers: { range: 'bytes=99999999-' } })).status, 416);
});

test('a reader that stops takes no more windows; others on its connection go on; it goes on, too', async () => {
  const { request } = await client.open('/files/8'); // paused until somebody listens
  let windows = -1;
  await until(async () => {
    const before = windows;
    windows = await app.metric('pgcrier_blob_windows_total');
    return windows === before;
  }, { every: 100, what: 'it reads no more' });
  ok(windows < 128 * 2, `${windows} windows`);
  ok((await client.get('/files/1')).body.length === 1_000_000);
  const pieces = [];
  for await (const piece of request) pieces.push(piece);
  ok(Buffer.concat(pieces).equals(LARGE));
});

test('octets that change in the middle: the stream is reset, and not ended', async () => {
  const { request } = await client.open('/files/8');
  await app.sql(`update app.files set bytes = overlay(bytes placing '\\x0000' from 16000000) where id = 8`);
  let received = 0;
  let error;
  try {
    for await (const piece of request) received += piece.length;
  } catch (e) {
    error = e;
  }
  ok(error, 'an error, not an end');
  ok(received < LARGE.length);
  strictEqual((await client.get('/files/1')).status, 200, 'the connection goes on');
});

test('a reader that resets its stream leaves nothing behind', async () => {
  for (let i = 0; i < 20; i += 1) {
    const { request } = await client.open(i % 2 ? '/files/8' : '/files/1');
    request.close();
  }
  await until(async () => (await app.metric('pgcrier_pool_connections{state="busy"}')) === 0, { what: 'nothing is read any more' });
  client.close();
});
