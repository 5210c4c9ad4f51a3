// A document as JSON: its exact headers, its ETag, 304, HEAD, other methods.

import { deepStrictEqual, match, ok, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { startApp } from '../lib/app.js';
import { until } from '../lib/until.js';

const app = await startApp();

function without(headers, ...names) {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !names.includes(name)));
}

test('a document: status, headers and body are exactly these', async () => {
  const { status, headers, text } = await app.get('/api/notes/1');
  strictEqual(status, 200);
  strictEqual(text, '{"id" : 1, "body" : "one"}');
  match(headers.etag, /^"[A-Za-z0-9_-]{1,64}"$/);
  deepStrictEqual(without(headers, 'date', 'etag', 'connection'), {
    'cache-control': 'no-cache',
    'content-length': '26',
    'content-type': 'application/json',
    server: 'pgcrier',
    vary: 'Accept',
    'x-content-type-options': 'nosniff',
  });
});

test('the bytes are those that the function returned, but for line ends between tokens', async () => {
  await app.sql(`insert into app.texts values (1, $1)`, ['{\r\n "a" : 1,\n\t"b": "\\n\u2028é\u{1F600}" }']);
  const { text } = await app.get('/api/raw/1');
  strictEqual(text, '{   "a" : 1, \t"b": "\\n\u2028é\u{1F600}" }');
});

test('the same document has the same ETag, another one another', async () => {
  const [a, b, c] = await Promise.all(['/api/notes/1', '/api/notes/1', '/api/notes/2'].map((path) => app.get(path)));
  strictEqual(a.headers.etag, b.headers.etag);
  ok(a.headers.etag !== c.headers.etag);
});

test('If-None-Match', async (t) => {
  const { etag } = (await app.get('/api/notes/1')).headers;
  const status = async (value) => (await app.get('/api/notes/1', { headers: { 'if-none-match': value } })).status;
  for (const [what, value, wanted] of [
    ['the ETag', etag, 304],
    ['weakened by a proxy', `W/${etag}`, 304],
    ['one of a list', `"x", W/"y" , ${etag}`, 304],
    ['an asterisk', '*', 304],
    ['another one', '"x"', 200],
    ['the ETag without quotes', etag.slice(1, -1), 200],
    ['a beginning of it', `${etag.slice(0, -2)}"`, 200],
    ['garbage', '",,W/,"', 200],
  ]) {
    await t.test(`${what}: ${wanted}`, async () => strictEqual(await status(value), wanted));
  }
  await t.test('several headers are one list: 304', async () => strictEqual(await status(['"x"', etag]), 304));
});

test('304 has no body, and the headers that a cache needs', async () => {
  const first = await app.get('/api/notes/1');
  const { status, headers, body } = await app.get('/api/notes/1', { headers: { 'if-none-match': first.headers.etag } });
  strictEqual(status, 304);
  strictEqual(body.length, 0);
  for (const name of ['etag', 'vary', 'cache-control']) strictEqual(headers[name], first.headers[name], name);
});

test('a changed document answers an old ETag with 200', async () => {
  const { etag } = (await app.get('/api/notes/2')).headers;
  await app.sql(`update app.notes set body = 'zwei' where id = 2`);
  const { status, text } = await app.get('/api/notes/2', { headers: { 'if-none-match': etag } });
  strictEqual(status, 200);
  strictEqual(text, '{"id" : 2, "body" : "zwei"}');
});

test('whoever has written sees it in the next GET, even while others keep the mirror warm', async () => {
  const stream = await app.stream('/api/notes/3');
  for (let i = 0; i < 50; i += 1) {
    await app.sql(`update app.notes set body = $1 where id = 3`, [`b${i}`]);
    strictEqual((await app.get('/api/notes/3')).json().body, `b${i}`);
  }
  stream.close();
});

test('two GETs on one connection are answered in turn', async () => {
  const request = 'GET /api/notes/1 HTTP/1.1\r\nHost: x\r\n\r\n';
  const raw = await app.raw(request + request);
  await raw.until((text) => text.split('"body" : "one"}').length === 3);
  raw.close();
});

test('HTTP/1.0 gets its document and the end of the connection', async () => {
  const raw = await app.raw('GET /api/notes/1 HTTP/1.0\r\n\r\n');
  await raw.closed;
  match(raw.text, /^HTTP\/1\.[01] 200 OK\r\n.*\r\n\r\n\{"id" : 1, "body" : "one"\}$/s);
});

test('a body on a GET is no second request', async () => {
  const smuggled = 'GET /api/notes/2 HTTP/1.1\r\nHost: x\r\n\r\n';
  const raw = await app.raw('GET /api/notes/1 HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n'
    + `Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n${smuggled}`);
  await raw.closed;
  ok(raw.text.split('HTTP/1.1 ').length <= 2, raw.text);
});

test('HEAD', async (t) => {
  await t.test('has the headers of its GET and no body', async () => {
    const [gotten, head] = await Promise.all([app.get('/api/notes/1'), app.get('/api/notes/1', { method: 'HEAD' })]);
    strictEqual(head.status, 200);
    strictEqual(head.body.length, 0);
    deepStrictEqual(without(head.headers, 'date'), without(gotten.headers, 'date'));
  });
  await t.test('answers If-None-Match with 304', async () => {
    const { etag } = (await app.get('/api/notes/1')).headers;
    strictEqual((await app.get('/api/notes/1', { method: 'HEAD', headers: { 'if-none-match': etag } })).status, 304);
  });
  await t.test('never opens a stream, but has the headers of one', async () => {
    await until(async () => await app.metric('pgcrier_subscribers') === 0, { what: 'nobody is left of the tests above' });
    const head = await app.get('/api/notes/1', { method: 'HEAD', headers: { accept: 'text/event-stream' } });
    strictEqual(head.status, 200);
    strictEqual(head.headers['content-type'], 'text/event-stream');
    strictEqual(await app.metric('pgcrier_subscribers'), 0);
  });
  await t.test('of what is not there is 404', async () => {
    strictEqual((await app.get('/api/notes/99', { method: 'HEAD' })).status, 404);
    strictEqual((await app.get('/api/nothing', { method: 'HEAD' })).status, 404);
  });
});

test('C26: methods that the path does not have', async (t) => {
  for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'QUERY', 'get']) {
    await t.test(`${method}: 405 with Allow`, async () => {
      const raw = await app.raw(`${method} /api/notes/1 HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`);
      await raw.closed;
      match(raw.text, /^HTTP\/1\.1 405 /);
      match(raw.text, /\r\nallow: GET, HEAD\r\n/i);
      match(raw.text, /\r\ncontent-type: application\/problem\+json\r\n/i);
    });
  }
  await t.test('on no path at all: 404', async () => {
    strictEqual((await app.get('/api/nothing', { method: 'POST' })).status, 404);
  });
});
