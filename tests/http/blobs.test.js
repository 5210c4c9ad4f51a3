// Blobs: head, ranges, conditions, and octets that change while they are sent. writes.sql has the functions.

import { deepStrictEqual, doesNotMatch, match, ok, strictEqual } from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import { join } from 'node:path';
import { test } from 'node:test';
import { startApp } from '../lib/app.js';
import { ROOT } from '../lib/cluster.js';
import { PASS, gateOf, pass } from '../lib/gate.js';
import { SANITIZED } from '../lib/relay.js';
import { get } from '../lib/sse.js';
import { until } from '../lib/until.js';

const NOTE = 2; // a gate
const app = await startApp({
  sql: `${readFileSync(join(ROOT, 'tests/lib/writes.sql'), 'utf8')};
    create function app.gated_file(_id integer) returns bytea language sql stable as $$
      with passed as materialized (select ${PASS}) select bytes from app.files, passed where id = _id $$;
    create function app.gated_note() returns json language plpgsql stable as $$ begin perform ${pass(NOTE)}; return '1'; end $$;
    grant execute on function app.gated_file, app.gated_note to relay;
    select crier.blob('/gated/{id}', 'app.gated_file(integer)', type => 'audio/wav', etag => 'app.file_version'),
      crier.live('/api/gated', 'app.gated_note()')`,
});
const octets = (seed, length) => app.cluster.value('select app.octets($1, $2)', [seed, length]);
const WINDOW = 131072;
const MILLION = await octets(1, 1_000_000);
const LARGE = await app.cluster.value('select bytes from app.files where id = 80');
const restore = () => app.sql('update app.files set bytes = (select bytes from app.files where id = 80) where id = 8');
const range = (value, path = '/files/1', more = {}) => app.get(path, { headers: { range: value, ...more } });

test('the whole: type, length, ETag, Cache-Control, nothing that runs', async () => {
  const a = await app.get('/files/1');
  strictEqual(a.status, 200);
  ok(a.body.equals(MILLION));
  deepStrictEqual([a.headers['content-type'], a.headers['content-length'], a.headers['cache-control'], a.headers['accept-ranges']],
    ['audio/webm; codecs=opus', '1000000', 'no-cache', 'bytes']);
  deepStrictEqual([a.headers['x-content-type-options'], a.headers['content-security-policy']], ['nosniff', 'sandbox']);
  match(a.headers.etag, /^"[A-Za-z0-9_-]{24}"$/);
  strictEqual((await app.get('/files/1', { headers: { accept: 'text/event-stream' } })).headers['content-type'], 'audio/webm; codecs=opus');
});

for (const [id, length] of [[6, WINDOW], [7, WINDOW + 1]]) {
  test(`${length} octets, at the edge of a window`, async () => {
    const a = await app.get(`/files/${id}`);
    strictEqual(a.body.length, length);
    ok(a.body.equals(await octets(id, length)));
  });
}

test('no octets at all; a type that is NULL', async () => {
  const a = await app.get('/files/2');
  deepStrictEqual([a.status, a.headers['content-length'], a.headers['content-type'], a.body.length], [200, '0', 'application/octet-stream', 0]);
  strictEqual((await range('bytes=0-', '/files/2')).status, 416);
  strictEqual((await range('bytes=-5', '/files/2')).status, 416);
});

test('NULL is 404, a wrong argument 400, an unknown parameter 400, a function that raises 500', async () => {
  for (const [path, status] of [['/files/3', 404], ['/files/99', 404], ['/files/x', 400], ['/files/1?x=1', 400], ['/made/1?length=-1', 500], ['/made/1?length=y', 400]]) {
    const a = await app.get(path);
    strictEqual(a.status, status, path);
    strictEqual(a.headers['content-type'], 'application/problem+json');
    doesNotMatch(a.text, /secret|app\./);
  }
});

test('S12: a type that is none is 500, and nothing of it is sent', async () => {
  for (const id of [4, 5]) {
    const a = await app.get(`/files/${id}`);
    deepStrictEqual([a.status, a.headers['content-type'], a.headers['set-cookie']], [500, 'application/problem+json', undefined]);
  }
});

test('arguments from path and query, with defaults', async () => {
  ok((await app.get('/made/1')).body.equals(await octets(1, 10)));
  ok((await app.get('/made/2?length=300000')).body.equals(await octets(2, 300000)));
  ok((await app.get('/made/02')).body.equals(await octets(2, 10)), 'any spelling');
});

test('HEAD is its GET without the octets, and reads no window', async () => {
  const windows = await app.metric('pgcrier_blob_windows_total');
  const [get, head] = [await app.get('/files/1'), await app.get('/files/1', { method: 'HEAD', headers: { range: 'bytes=0-1' } })];
  const { date, ...headers } = get.headers;
  deepStrictEqual({ ...head.headers, date }, { ...headers, date });
  deepStrictEqual([head.status, head.body.length], [200, 0]);
  strictEqual(await app.metric('pgcrier_blob_windows_total') - windows, 7, 'the GET\'s, but for the first');
});

test('If-None-Match: 304 with the ETag, also weak, in a list, and with *', async () => {
  const { etag } = (await app.get('/files/1', { method: 'HEAD' })).headers;
  for (const value of [etag, `W/${etag}`, `"x", ${etag}`, '*']) {
    const a = await app.get('/files/1', { headers: { 'if-none-match': value } });
    deepStrictEqual([a.status, a.body.length, a.headers.etag, a.headers['content-type']], [304, 0, etag, undefined], value);
  }
  strictEqual((await app.get('/files/1', { headers: { 'if-none-match': '"other"' } })).body.length, 1_000_000);
  strictEqual((await range('bytes=0-1', '/files/1', { 'if-none-match': etag })).status, 304);
});

for (const [value, first, last] of [
  ['bytes=0-0', 0, 0], ['bytes=0-', 0, 999_999], ['bytes=999999-', 999_999, 999_999], ['bytes=-1', 999_999, 999_999],
  ['bytes=-2000000', 0, 999_999], ['bytes=5-99999999999999999999999999', 5, 999_999], ['BYTES=1-2', 1, 2], ['bytes= 1-2 ', 1, 2],
  [`bytes=${WINDOW - 1}-${WINDOW}`, WINDOW - 1, WINDOW], [`bytes=${WINDOW}-${2 * WINDOW - 1}`, WINDOW, 2 * WINDOW - 1],
  [`bytes=${3 * WINDOW + 5}-${6 * WINDOW + 7}`, 3 * WINDOW + 5, 6 * WINDOW + 7], ['bytes=-300000', 700_000, 999_999],
]) {
  test(`Range: ${value} is 206`, async () => {
    const a = await range(value);
    deepStrictEqual([a.status, a.headers['content-range'], a.headers['content-length']], [206, `bytes ${first}-${last}/1000000`, String(last - first + 1)]);
    ok(a.body.equals(MILLION.subarray(first, last + 1)));
  });
}

for (const value of ['bytes=999-', 'bytes=-0', 'bytes=10-20', 'bytes=99999999999999999999999999-']) {
  test(`C24: Range: ${value} of 10 octets is 416`, async () => {
    const a = await range(value, '/made/1');
    deepStrictEqual([a.status, a.headers['content-range'], a.headers['content-type']], [416, 'bytes */10', 'application/problem+json']);
  });
}

for (const value of ['bytes=5-1', 'bytes=0-1,3-4', `bytes=${'0-1,'.repeat(2000)}0-1`, 'bytes', 'bytes=', 'bytes=-', 'bytes=a-b', 'bytes=1', 'bytes=1-2x',
  'octets=0-1', 'bytes=--1', 'bytes=1--2', 'bytes:0-1', '', '\xff', 'bytes=0x1-2', 'bytes=+1-2']) {
  test(`C24: Range: ${JSON.stringify(value.slice(0, 20))} is no range: the whole`, async () => {
    const a = await range(value, '/made/1');
    deepStrictEqual([a.status, a.body.length, a.headers['content-range']], [200, 10, undefined]);
  });
}

test('If-Range: the range for the same octets, the whole otherwise', async () => {
  const { etag } = (await app.get('/files/1', { method: 'HEAD' })).headers;
  strictEqual((await range('bytes=0-1', '/files/1', { 'if-range': etag })).status, 206);
  for (const other of ['"other"', `W/${etag}`, new Date().toUTCString(), '', etag.slice(1, -1), '*']) {
    strictEqual((await range('bytes=0-1', '/files/1', { 'if-range': other })).body.length, 1_000_000, other);
  }
  strictEqual((await range('bytes=9999999-', '/files/1', { 'if-range': '"other"' })).status, 200);
});

test('the ETag changes with the octets and with the type; with a function, when that says so', async () => {
  const etag = async (path) => (await app.get(path, { method: 'HEAD' })).headers.etag;
  const before = [await etag('/files/7'), await etag('/versions/7')];
  await app.sql(`update app.files set bytes = app.octets(70, 131073) where id = 7`);
  const after = [await etag('/files/7'), await etag('/versions/7')];
  ok(after[0] !== before[0] && after[1] === before[1]);
  await app.sql(`update app.files set version = version + 1, type = 'image/gif' where id = 7`);
  ok(await etag('/files/7') !== after[0] && await etag('/versions/7') !== after[1]);
  const a = await app.get('/versions/7');
  deepStrictEqual([a.headers['cache-control'], a.headers['content-type'], a.body.length], ['public, max-age=60', 'audio/x', 131073]);
});

// A reader that has got the head, and stops reading.
async function stalled(path) {
  const raw = await app.raw(`GET ${path} HTTP/1.1\r\nhost: x\r\n\r\n`);
  await raw.until((bytes) => bytes.includes('\r\n\r\n'));
  raw.pause();
  return raw;
}

for (const [what, path, change] of [
  ['a window', '/files/8', `update app.files set bytes = overlay(bytes placing '\\x0000' from 12000000) where id = 8`],
  ['the length', '/files/8', `update app.files set bytes = substring(bytes from 1 for 16000000) where id = 8`],
  ['the row', '/files/8', `update app.files set bytes = null where id = 8`],
  ['the version', '/versions/8', `update app.files set version = version + 1 where id = 8`],
]) {
  test(`${what} changes while it is sent: the connection ends, nobody gets a mixture`, async () => {
    await restore();
    const raw = await stalled(path);
    await app.sql(change);
    raw.resume();
    await raw.closed;
    const body = raw.received.subarray(raw.received.indexOf('\r\n\r\n') + 4);
    ok(body.length < 16777344, 'it is cut short');
    ok(body.equals(LARGE.subarray(0, body.length)), 'and what came is of the first');
  });
}

test('a 16 MiB blob costs a reader a window, however slowly it reads; others are served meanwhile', { skip: SANITIZED }, async () => {
  await restore();
  await app.get('/versions/8');
  const before = await app.relay.memory();
  const readers = await Promise.all(Array.from({ length: 40 }, () => stalled('/versions/8')));
  strictEqual((await app.get('/files/1')).body.length, 1_000_000);
  const each = (await app.relay.memory() - before) / readers.length;
  ok(each < 400_000, `${each} octets for each`);
  for (const raw of readers.slice(1)) raw.reset();
  readers[0].resume();
  const [head] = readers[0].received.toString('latin1').split('\r\n\r\n');
  await until(() => readers[0].socket.bytesRead === head.length + 4 + 16777344, { limit: 60_000, what: 'the last octet' });
  ok(readers[0].received.subarray(-1000).equals(LARGE.subarray(-1000)));
  readers[0].close();
});

// Two gates stop the only connection: at a window, while the document is asked for, and at the document. The
// count says how many windows went between. One thread answers for the count and for the readers alike, so what
// does not move is at rest.
test('many readers of blobs take turns with a reader of a document', async () => {
  const relay = await app.startRelay({ args: ['--pool', '1', '--threads', '1'] });
  const [files, note] = [gateOf(app.cluster), gateOf(app.cluster, NOTE)];
  const windows = () => relay.metric('pgcrier_blob_windows_total');
  const reads = () => relay.metric('pgcrier_reads_total');
  const readers = await Promise.all(Array.from({ length: 30 }, () => app.raw('GET /gated/8 HTTP/1.1\r\nhost: x\r\n\r\n', {}, relay)));
  await until(async () => await windows() > 60, { what: 'they read' });
  await note.shut();
  await files.shut();
  let before;
  await until(async () => before === (before = await windows()), { every: 200, what: 'every reader waits for a window' });
  const document = get(`${relay.url}/api/gated`);
  await until(async () => await reads() === 1, { what: 'the document is asked for' });
  await files.open();
  await until(async () => (await app.sql(`select 1 from pg_locks where locktype = 'advisory' and objid = ${NOTE} and not granted`)).length === 1,
    { what: 'the document is read' });
  const between = await windows() - before;
  ok(between < 25, `${between} windows: it did not wait for all of them`);
  await note.open();
  strictEqual((await document).status, 200);
  for (const raw of readers) raw.reset();
  await relay.stop();
});

test('readers that go away at any moment leave nothing behind', async () => {
  for (let i = 0; i < 30; i += 1) {
    const request = http.get(app.url(i % 2 ? '/files/8' : '/files/1'), { agent: false });
    request.on('error', () => {});
    setTimeout(() => request.destroy(), i * 2);
  }
  await until(async () => (await app.metric('pgcrier_pool_connections{state="busy"}')) === 0, { what: 'nothing is read any more' });
  strictEqual((await app.get('/files/1')).status, 200);
});

test('a blob becomes a document and back, in place', async () => {
  await app.sql(`create function app.seed(_seed integer) returns json language sql stable as $$ select to_json(_seed) $$; grant execute on function app.seed to relay;
    select crier.live('/made/{seed}', 'app.seed(integer)')`);
  await until(async () => (await app.get('/made/7')).text === '7', { what: 'the document' });
  await app.sql(`select crier.blob('/made/{seed}', 'app.made')`);
  await until(async () => (await app.get('/made/7')).body.length === 10, { what: 'the octets' });
});
