// Static files: ranges, what is no file, and errors that look like all others.

import { deepStrictEqual, match, ok, strictEqual } from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { startApp } from '../lib/app.js';
import { connect2 } from '../lib/h2.js';
import { within } from '../lib/until.js';

const site = mkdtempSync(join(tmpdir(), 'pgcrier-files-'));
after(() => rmSync(site, { recursive: true, force: true }));
writeFileSync(join(site, 'ten'), '0123456789');
writeFileSync(join(site, 'big'), 'x'.repeat(1_000_000));
mkdirSync(join(site, 'empty'));
symlinkSync('ten', join(site, 'inside'));
execFileSync('mkfifo', [join(site, 'pipe'), join(site, 'script.js.gz')]);
writeFileSync(join(site, 'script.js'), '1');
symlinkSync('/dev/zero', join(site, 'zero'));
const listener = createServer().listen(join(site, 'socket'));
after(() => listener.close());
const app = await startApp({ relay: { args: ['--public', site, '--allow-origin', 'https://good.example', '--max-body', '100'] } });
const range = (path, value, headers) => app.get(path, { headers: { range: value, ...headers } });

test('C24: one range', async () => {
  for (const [value, status, text] of [
    ['bytes=2-4', 206, '234'], ['bytes=7-', 206, '789'], ['bytes=-3', 206, '789'], ['bytes=0-0', 206, '0'], ['bytes=5-99', 206, '56789'],
    ['bytes=-99', 206, '0123456789'],
  ]) {
    const answer = await range('/ten', value);
    strictEqual(answer.status, status, value);
    strictEqual(answer.text, text, value);
    match(answer.headers['content-range'], /^bytes \d+-\d+\/10$/);
  }
});

test('C24: ranges that are none: 416 or the whole, never a part that nobody asked for', async () => {
  for (const value of ['bytes=5-1', 'bytes=-0', 'bytes=10-', 'bytes=999-', 'bytes=-', 'bytes=x', 'bytes', 'lines=1-2', '', 'bytes=0x1-2',
    'bytes=18446744073709551615-', 'bytes=1-18446744073709551617', `bytes=${'9'.repeat(1000)}-`, 'bytes=1--2', 'bytes=+1-2']) {
    const answer = await range('/ten', value);
    ok(answer.status === 416 || (answer.status === 200 && answer.text === '0123456789') || (answer.status === 206 && answer.text === '123456789'),
      `${value}: ${answer.status} ${answer.text}`);
  }
  const { headers } = await range('/ten', 'bytes=999-');
  strictEqual(headers['content-range'], 'bytes */10');
});

test('C24: more than one range, and two thousand: the file once', async () => {
  const memory = await app.relay.memory();
  for (const count of [2, 3, 2000]) {
    const answer = await range('/big', `bytes=${Array.from({ length: count }, (_, i) => `${i}-`).join(',')}`);
    strictEqual(answer.status, 200);
    strictEqual(answer.body.length, 1_000_000);
  }
  const raw = await app.raw(`GET /ten HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${'Range: bytes=0-\r\n'.repeat(90)}\r\n`);
  await raw.closed;
  ok(raw.text.length < 1000);
  ok(await app.relay.memory() - memory < 16 << 20);
});

// The second was looked at by nobody once the first had been taken away.
test('C24: behind a list of ranges no other Range is heard', async () => {
  const list = 'bytes=0-,1-,2-';
  for (const lines of [[list, list], [list, 'bytes=0-0', list], ['bytes=0-0', list], [list, 'bytes=0-0']]) {
    const fields = lines.map((value) => `Range: ${value}\r\n`).join('');
    const raw = await app.raw(`GET /ten HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${fields}\r\n`);
    await raw.closed;
    match(raw.text, /^HTTP\/1\.1 200 /);
    ok(raw.text.endsWith('\r\n\r\n0123456789'), raw.text);
  }
});

test('C12: what is no file is not there, and stops nothing', async () => {
  for (const path of ['/pipe', '/zero', '/socket', '/empty/', '/empty/../pipe']) {
    const { status, headers } = await app.get(path);
    strictEqual(status, 404, path);
    strictEqual(headers['content-type'], 'application/problem+json');
  }
  strictEqual((await app.get('/script.js', { headers: { 'accept-encoding': 'gzip' } })).status, 404, 'its precompressed self is a FIFO');
  strictEqual((await app.get('/inside')).text, '0123456789');
});

test('C26: methods that files do not know', async () => {
  for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE', 'PROPFIND']) {
    const { status, headers } = await app.get('/ten', { method });
    strictEqual(status, 405, method);
    match(headers.allow, /GET/);
    strictEqual(headers['content-type'], 'application/problem+json');
  }
});

test('errors that libh2o makes are problems, and other origins may read them', async () => {
  const origin = { origin: 'https://good.example' };
  for (const [status, path, options] of [
    [413, '/api/notes/1', { method: 'POST', body: 'y'.repeat(101), headers: origin }],
    [405, '/ten', { method: 'POST', headers: origin }],
    [416, '/ten', { headers: { range: 'bytes=99-', ...origin } }],
    [417, '/api/notes/1', { method: 'POST', headers: { expect: 'a miracle', 'content-length': 0, ...origin } }],
  ]) {
    const answer = await app.get(path, options);
    strictEqual(answer.status, status);
    strictEqual(answer.headers['content-type'], 'application/problem+json');
    strictEqual(answer.json().status, status);
    strictEqual(answer.headers['access-control-allow-origin'], 'https://good.example');
    deepStrictEqual(answer.rawHeaders.filter((name) => /allow-origin/i.test(name)).length, 1);
  }
  const head = await app.get('/ten', { method: 'HEAD', headers: { range: 'bytes=99-' } });
  strictEqual(head.body.length, 0);
});

// A release that is copied over the old one. Control: libh2o 2.2.5 by itself spins, and nobody's going ends it.
test('a file that becomes shorter while it is sent ends its answer, and no more than that', async () => {
  const file = join(site, 'shorter');
  const whole = () => { writeFileSync(file, ''); truncateSync(file, 30_000_000); };
  whole();
  const raw = await app.raw('GET /shorter HTTP/1.1\r\nHost: x\r\n\r\n');
  await raw.until((text) => text.includes('\r\n\r\n'));
  raw.pause();
  truncateSync(file, 1000);
  raw.resume();
  await within(raw.closed, 'the connection ends');
  ok(raw.received.length < 30_000_000);

  whole();
  const client = await connect2(app.relay.url);
  const { request } = await client.open('/shorter');
  const closed = new Promise((resolve) => { request.once('close', resolve).on('error', () => {}); });
  truncateSync(file, 1000);
  request.resume();
  await within(closed, 'the stream ends');
  strictEqual(request.rstCode, 2, 'INTERNAL_ERROR');
  strictEqual((await client.get('/ten')).text, '0123456789');
  client.close();
});
