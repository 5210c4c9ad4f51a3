// What a URL means: literals before parameters before files; routes that change while the relay runs;
// files of --public and nothing else.

import { deepStrictEqual, match, ok, strictEqual } from 'node:assert/strict';
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { startApp } from '../lib/app.js';
import { get } from '../lib/sse.js';
import { until } from '../lib/until.js';

const root = mkdtempSync(join(tmpdir(), 'pgcrier-public-'));
after(() => rmSync(root, { recursive: true, force: true }));
const site = join(root, 'site');
mkdirSync(join(site, 'sub'), { recursive: true });
mkdirSync(join(site, 'api', 'echo'), { recursive: true });
const page = '<!doctype html><meta charset=utf-8><title>é</title>';
writeFileSync(join(root, 'secret'), 'secret');
writeFileSync(join(site, 'index.html'), page);
writeFileSync(join(site, 'sub', 'index.html'), 'sub');
writeFileSync(join(site, 'module.mjs'), 'export default 1');
writeFileSync(join(site, 'app.js'), '1');
writeFileSync(join(site, 'big.js'), 'x'.repeat(200_000));
writeFileSync(join(site, 'big.js.gz'), gzipSync('x'.repeat(200_000)));
writeFileSync(join(site, 'api', 'echo', 'fixed'), 'a file');
writeFileSync(join(site, 'api', 'readme.txt'), 'text');
writeFileSync(join(site, 'with space é.txt'), 'space');
symlinkSync(join(root, 'secret'), join(site, 'link'));
symlinkSync('../secret', join(site, 'relative'));
symlinkSync(root, join(site, 'up'));

const app = await startApp({ relay: { args: ['--public', site] } });

async function raw(path, headers = '') {
  const socket = await app.raw(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${headers}\r\n`);
  await socket.closed;
  return { status: Number(socket.text.slice(9, 12)), text: socket.text };
}

test('a literal segment comes before a parameter, and both before a file', async () => {
  deepStrictEqual((await app.get('/api/echo/fixed?tags=a')).json(), ['a']);
  deepStrictEqual((await app.get('/api/echo/other')).json(), { word: 'other' });
  strictEqual((await app.get('/api/readme.txt')).text, 'text');
});

test('static files', async (t) => {
  await t.test('the index of a directory', async () => {
    const { status, headers, text } = await app.get('/');
    strictEqual(status, 200);
    match(headers['content-type'], /^text\/html/);
    strictEqual(text, page);
    strictEqual((await app.get('/sub/')).text, 'sub');
  });
  await t.test('a directory without its slash is sent to the one with it', async () => {
    const { status, headers } = await app.get('/sub');
    strictEqual(status, 301);
    match(headers.location, /\/sub\/$/);
  });
  await t.test('modules have a type that browsers run', async () => {
    for (const path of ['/module.mjs', '/app.js']) {
      match((await app.get(path)).headers['content-type'], /^(text|application)\/javascript/, path);
    }
  });
  await t.test('ETag, 304 and Cache-Control', async () => {
    const { headers } = await app.get('/app.js');
    ok(headers.etag && headers['cache-control']);
    strictEqual((await app.get('/app.js', { headers: { 'if-none-match': headers.etag } })).status, 304);
  });
  await t.test('a changed file has another ETag at once', async () => {
    const { etag } = (await app.get('/app.js')).headers;
    writeFileSync(join(site, 'app.js'), '22');
    const { headers, text } = await app.get('/app.js');
    strictEqual(text, '22');
    ok(headers.etag !== etag);
  });
  await t.test('precompressed for whom it suits', async () => {
    const packed = await app.get('/big.js', { headers: { 'accept-encoding': 'gzip' } });
    strictEqual(packed.headers['content-encoding'], 'gzip');
    ok(packed.body.length < 10_000);
    const plain = await app.get('/big.js');
    strictEqual(plain.headers['content-encoding'], undefined);
    strictEqual(plain.body.length, 200_000);
    match(packed.headers.vary, /accept-encoding/i);
  });
  await t.test('HEAD', async () => {
    const { status, headers, body } = await app.get('/big.js', { method: 'HEAD' });
    strictEqual(status, 200);
    strictEqual(headers['content-length'], '200000');
    strictEqual(body.length, 0);
  });
  await t.test('a range', async () => {
    const { status, body } = await app.get('/big.js', { headers: { range: 'bytes=5-9' } });
    strictEqual(status, 206);
    strictEqual(body.length, 5);
  });
  await t.test('a name with a space and UTF-8', async () => {
    strictEqual((await app.get(encodeURI('/with space é.txt'))).text, 'space');
  });
  await t.test('other methods are refused', async () => {
    strictEqual((await app.get('/app.js', { method: 'POST' })).status, 405);
  });
});

test('a new release of the site is served as soon as the link to it moves', async () => {
  const link = join(root, 'current');
  const next = join(root, 'next');
  mkdirSync(next);
  writeFileSync(join(next, 'release.txt'), 'two');
  writeFileSync(join(site, 'release.txt'), 'one');
  symlinkSync(site, link);
  const relay = await app.startRelay({ args: ['--public', link] });
  strictEqual((await get(`${relay.url}/release.txt`)).text, 'one');
  symlinkSync(next, `${link}.new`);
  renameSync(`${link}.new`, link);
  strictEqual((await get(`${relay.url}/release.txt`)).text, 'two');
  strictEqual((await get(`${relay.url}/app.js`)).status, 404);
});

test('C12: nothing outside the directory', async (t) => {
  for (const path of [
    '/../secret', '/sub/../../secret', '/%2e%2e/secret', '/..%2fsecret', '/sub/..%2f..%2fsecret', '/%2e%2e%2fsecret',
    '/..%5csecret', '/..\\secret', '//../secret', '/./../secret', '/app.js%00.html', '/%00', '/link', '/relative', '/up/secret', '/up/',
    `/${'../'.repeat(20)}etc/passwd`, '/....//secret', '/sub/%2e%2e/%2e%2e/secret',
  ]) {
    await t.test(path, async () => {
      const { status, text } = await raw(path);
      ok(status === 404 || status === 400 || status === 403, `${status}`);
      ok(!text.includes('secret\r\n') && !/\r\n\r\nsecret/.test(text) && !text.includes('root:'));
    });
  }
});

test('F19: a route declared now is served now; one taken away ends its streams; others do not notice', async () => {
  const other = await app.stream('/api/notes/1');
  await other.next();
  strictEqual((await app.get('/api/new/1')).status, 404);
  await app.sql(`select crier.live('/api/new/{id}', 'app.note(integer)')`);
  await until(async () => (await app.get('/api/new/1')).status === 200);
  const stream = await app.opened('/api/new/1');
  await stream.next();
  await app.sql(`select crier.unroute('/api/new/{id}')`);
  strictEqual((await stream.next()).type, 'gone');
  deepStrictEqual(await stream.ended, { how: 'end' });
  await until(async () => (await app.get('/api/new/1')).status === 404);
  strictEqual(other.over, undefined);
  strictEqual(other.events.length, 1);
  await app.sql(`update app.notes set body = 'still' where id = 1`);
  await other.untilDocument((d) => d.body === 'still');
  other.close();
});

test('a route with another function: its streams get the new document, and stay', async () => {
  await app.sql(`select crier.live('/api/swap/{id}', 'app.note(integer)')`);
  const stream = await app.opened('/api/swap/1');
  await stream.next();
  await app.sql(`create function app.other(_id integer) returns json language sql stable as $$ select json_build_object('other', _id) $$;
    grant execute on function app.other(integer) to relay;
    select crier.live('/api/swap/{id}', 'app.other(integer)')`);
  deepStrictEqual(JSON.parse((await stream.next()).data), { other: 1 });
  strictEqual(stream.over, undefined);
  stream.close();
});
