// Clients that others wrote: the npm package eventsource, and curl.

import { deepStrictEqual, match, ok, strictEqual } from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { EventSource } from 'eventsource';
import { startApp } from '../lib/app.js';
import { freePort } from '../lib/process.js';
import { until } from '../lib/until.js';

const port = await freePort();
const listen = [`127.0.0.1:${port}`];
const app = await startApp({ relay: { listen } });
const run = promisify(execFile);
const update = (body) => app.sql('update app.notes set body = $1 where id = 1', [body]);

test('eventsource: the document, then every change, with the name of the route\'s event', async () => {
  const source = new EventSource(app.url('/api/notes/1'));
  const seen = [];
  source.addEventListener('note', (event) => seen.push(JSON.parse(event.data).body));
  await until(() => seen.length === 1);
  await update('changed');
  await until(() => seen.length === 2);
  deepStrictEqual(seen, ['one', 'changed']);
  source.close();
});

test('eventsource: comes back by itself after a restart, and is resent nothing that it has', async () => {
  const source = new EventSource(app.url('/api/notes/1'));
  const seen = [];
  let opened = 0;
  source.addEventListener('open', () => { opened += 1; });
  source.addEventListener('note', (event) => seen.push(JSON.parse(event.data).body));
  await until(() => seen.length === 1);
  strictEqual((await app.relay.stop()).code, 0);
  app.relay = await app.startRelay({ listen });
  await until(() => opened === 2, { limit: 40_000, what: 'it is open again' });
  await update('after the restart');
  await until(() => seen.at(-1) === 'after the restart');
  strictEqual(seen.length, 2);
  source.close();
});

test('eventsource: sees gone, and gives up on the 404 that follows', async () => {
  await app.sql(`insert into app.notes values (70, 0, 'short')`);
  const source = new EventSource(app.url('/api/notes/70'));
  let gone = false;
  source.addEventListener('gone', () => { gone = true; });
  await once(source, 'open').catch(() => new Promise((resolve) => source.addEventListener('open', resolve)));
  await app.sql('delete from app.notes where id = 70');
  await until(() => gone);
  await until(() => source.readyState === EventSource.CLOSED, { limit: 40_000 });
});

test('curl: JSON without a word about Accept', async () => {
  const { stdout } = await run('curl', ['-sS', '-i', app.url('/api/notes/2')]);
  match(stdout, /^HTTP\/1\.1 200 OK\r\n/);
  ok(stdout.endsWith('\r\n\r\n{"id" : 2, "body" : "two"}'));
});

test('curl: a stream', async () => {
  const curl = spawn('curl', ['-sS', '-N', '-H', 'Accept: text/event-stream', app.url('/api/notes/2')]);
  let text = '';
  curl.stdout.on('data', (piece) => { text += piece; });
  await until(() => text.includes('data: {"id" : 2, "body" : "two"}\n\n'));
  await app.sql(`update app.notes set body = 'curled' where id = 2`);
  await until(() => text.includes('data: {"id" : 2, "body" : "curled"}\n\n'));
  curl.kill();
  await once(curl, 'exit');
});

test('curl --http2-prior-knowledge gets HTTP/2, --http2 without TLS gets HTTP/1.1', async () => {
  const ask = async (option) => (await run('curl', ['-sS', option, '-o', '/dev/null', '-w', '%{http_version} %{http_code}',
    app.url('/api/notes/2')])).stdout;
  strictEqual(await ask('--http2-prior-knowledge'), '2 200');
  strictEqual(await ask('--http2'), '1.1 200');
});
