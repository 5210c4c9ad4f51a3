// --prefix: the whole lives under a path.

import { match, strictEqual } from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { startApp } from '../lib/app.js';

const root = mkdtempSync(join(tmpdir(), 'pgcrier-prefix-'));
after(() => rmSync(root, { recursive: true, force: true }));
const site = join(root, 'site');
mkdirSync(join(site, 'sub'), { recursive: true });
writeFileSync(join(site, 'index.html'), 'index');
writeFileSync(join(site, 'sub', 'index.html'), 'sub');
writeFileSync(join(root, 'secret'), 'secret');
symlinkSync(join(root, 'secret'), join(site, 'link'));
const app = await startApp({ relay: { args: ['--public', site, '--prefix', '/live/now/'] } });
const status = async (path, options) => (await app.get(path, options)).status;

test('routes and streams', async () => {
  strictEqual((await app.get('/live/now/api/notes/2')).json().body, 'two');
  const stream = await app.stream('/live/now/api/notes/1');
  strictEqual((await stream.next()).type, 'note');
  await app.sql(`update app.notes set body = 'moved' where id = 1`);
  await stream.untilDocument((d) => d.body === 'moved');
  strictEqual(await status('/live/now/api/notes/1', { method: 'POST' }), 405);
  strictEqual(await status('/live/now/api/nothing'), 404);
});

test('files, their index, and nothing outside', async () => {
  strictEqual((await app.get('/live/now/')).text, 'index');
  strictEqual((await app.get('/live/now/sub/')).text, 'sub');
  const { status: moved, headers: { location } } = await app.get('/live/now');
  strictEqual(moved, 301);
  match(location, /\/live\/now\/$/);
  match((await app.get('/live/now/sub')).headers.location, /\/live\/now\/sub\/$/);
  for (const path of ['/live/now/link', '/live/now/%2e%2e/secret', '/live/now/..%2fsecret']) strictEqual(await status(path), 404, path);
});

test('what is not below it is not there', async () => {
  for (const path of ['/', '/api/notes/1', '/live', '/live/', '/live/nowhere', '/live/nowapi/notes/1', '/x/live/now/api/notes/1', '/live/now/../../api/notes/1', '/live/now%2fapi/notes/1']) {
    const { status: code, headers } = await app.get(path);
    strictEqual(code, 404, path);
    strictEqual(headers['content-type'], 'application/problem+json', path);
  }
});
