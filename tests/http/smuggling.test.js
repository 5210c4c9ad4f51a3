// C10: what two readers of one request could disagree on has one answer at most, and ends the connection.

import { ok, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { startApp } from '../lib/app.js';

const app = await startApp();
const NEXT = 'GET /api/notes/3 HTTP/1.1\r\nHost: smuggled\r\n\r\n';
const chunk = (text) => `${text.length.toString(16)}\r\n${text}\r\n`;
const POST = 'POST /api/notes/1 HTTP/1.1\r\nHost: x\r\n';

async function answers(text) {
  const raw = await app.raw(text);
  await raw.closed;
  return [...raw.text.matchAll(/^HTTP\/1\.1 (\d+)/gm)].map(([, status]) => Number(status));
}

for (const [what, text, status] of [
  ['Content-Length and then chunked', `${POST}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${NEXT}`, 400],
  ['chunked and then Content-Length', `${POST}Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n${NEXT}`, 400],
  ['two Content-Lengths', `${POST}Content-Length: 0\r\nContent-Length: ${NEXT.length}\r\n\r\n${NEXT}`, 400],
  ['two equal Content-Lengths', `${POST}Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}${NEXT}`, 400],
  ['a list of Content-Lengths', `${POST}Content-Length: 0, 5\r\n\r\n${NEXT}`, 400],
  ['a signed Content-Length', `${POST}Content-Length: +2\r\n\r\n{}${NEXT}`, 400],
  ['a hexadecimal Content-Length', `${POST}Content-Length: 0x2\r\n\r\n{}${NEXT}`, 400],
  ['a Content-Length beyond 64 bits', `${POST}Content-Length: 18446744073709551618\r\n\r\n{}${NEXT}`, 400],
  ['an encoding after chunked', `${POST}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n${NEXT}`, 400],
  ['an encoding that is none', `${POST}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n${NEXT}`, 400],
  ['a blank before the colon', `${POST}Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n${NEXT}`, 400],
  ['a vertical tab in the encoding', `${POST}Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n${NEXT}`, 400],
  ['a folded header', `${POST}X: a\r\n Content-Length: 2\r\n\r\n${NEXT}`, 400],
  ['a bare LF', `POST /api/notes/1 HTTP/1.1\nHost: x\nContent-Length: 0\n\n${NEXT}`, 400],
  ['one bare LF', `${POST}X: y\nContent-Length: 0\r\n\r\n${NEXT}`, 400],
  ['a bare CR', `${POST}X: y\rContent-Length: 2\r\n\r\n${NEXT}`, 400],
  ['two Hosts', `GET /api/notes/1 HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n${NEXT}`, 400],
  ['a chunk size with a sign', `${POST}Transfer-Encoding: chunked\r\n\r\n+2\r\n{}\r\n0\r\n\r\n${NEXT}`, 400],
  ['a chunk size beyond 64 bits', `${POST}Transfer-Encoding: chunked\r\n\r\n10000000000000002\r\n{}\r\n0\r\n\r\n${NEXT}`, 400],
  ['a LF in a chunk extension', `${POST}Transfer-Encoding: chunked\r\n\r\n2;a\n{}\r\n0\r\n\r\n${NEXT}`],
  ['a body behind GET', `GET /api/notes/1 HTTP/1.1\r\nHost: x\r\nContent-Length: ${NEXT.length}\r\n\r\n${NEXT}`, 200],
  ['an empty body, and a request behind it', `GET /api/notes/1 HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n${NEXT}`, 200],
  ['a chunked body, and a request behind it', `GET /api/notes/1 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n${chunk('{}')}0\r\n\r\n${NEXT}`, 200],
  ['a NUL in a header', `GET /api/notes/1 HTTP/1.1\r\nHost: x\r\nX: a\0b\r\n\r\n${NEXT}`, 400],
]) {
  test(`C10: ${what}`, async () => {
    const all = await answers(text);
    ok(all.length <= 1, `${all}`);
    if (status !== undefined) strictEqual(all[0], status);
    strictEqual((await app.get('/api/notes/1')).status, 200);
  });
}

test('C27: requests one behind the other are answered in order', async () => {
  const raw = await app.raw([1, 2, 99, 3].map((id) => `GET /api/notes/${id} HTTP/1.1\r\nHost: x\r\n\r\n`).join(''));
  await raw.until((text) => text.includes('three'));
  ok(/"one".*"two".*404 Not Found.*"three"/s.test(raw.text));
  raw.close();
});

test('C27: a request behind that of a stream is never answered', async () => {
  const raw = await app.raw(`GET /api/notes/1 HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n\r\n${NEXT}${NEXT}`);
  await raw.until((text) => text.includes('data: '));
  raw.send(NEXT.repeat(100));
  await app.sql(`update app.notes set body = 'behind' where id = 1`);
  const text = await raw.until((t) => t.includes('behind'));
  ok(!text.includes('three'));
  raw.close();
});

test('C09: 100 headers are read, 101 are not; a head above --max-head is refused', async () => {
  const head = (lines) => answers(`GET /api/notes/1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${lines}\r\n`);
  strictEqual((await head('X: y\r\n'.repeat(98)))[0], 200);
  strictEqual((await head('X: y\r\n'.repeat(99)))[0], 400);
  strictEqual((await head(`X: ${'y'.repeat(60_000)}\r\n`))[0], 200);
  strictEqual((await head(`X: ${'y'.repeat(66_000)}\r\n`))[0], 431);
  strictEqual((await head(`X: ${'y'.repeat(417_792)}\r\n`))[0], 400);
  strictEqual(await app.metric('pgcrier_refused_total{reason="head"}'), 1);
});

test('C11: no Host, an empty one, a wrong one: routes do not look at it', async () => {
  for (const host of ['', 'Host:\r\n', 'Host: evil.example:99999\r\n', 'Host: \xff\xfe\r\n']) {
    strictEqual((await answers(`GET /api/notes/1 HTTP/1.1\r\n${host}Connection: close\r\n\r\n`))[0], 200, host);
  }
  strictEqual((await answers('GET /api/notes/1 HTTP/1.0\r\n\r\n'))[0], 200);
});

test('C14: HTTP/2 by preface or upgrade, CONNECT, OPTIONS *: refused or ignored, never by another engine', async () => {
  strictEqual((await answers('GET /api/notes/1 HTTP/1.1\r\nHost: x\r\nConnection: close, upgrade, http2-settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n'))[0], 200);
  for (const line of ['CONNECT x:80 HTTP/1.1', 'OPTIONS * HTTP/1.1', 'GET api HTTP/1.1', 'GET http://x/api/notes/1 HTTP/1.1', 'G\x01T / HTTP/1.1', 'GET / HTTP/9.9', 'GET  /  HTTP/1.1']) {
    const [status] = await answers(`${line}\r\nHost: x\r\nConnection: close\r\n\r\n`);
    ok([400, 404, 405].includes(status), `${line}: ${status}`);
  }
});
