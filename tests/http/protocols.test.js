// The same routes, files, errors and streams behind every protocol and listener.

import { deepStrictEqual, match, ok, strictEqual } from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { promisify } from 'node:util';
import { startApp } from '../lib/app.js';
import { tlsArgs } from '../lib/certificate.js';
import { connect2 } from '../lib/h2.js';
import { until } from '../lib/until.js';

const run = promisify(execFile);
const place = mkdtempSync(join(tmpdir(), 'pgcrier-unix-'));
const path = join(place, 's');
const app = await startApp({
  relay: { listen: ['127.0.0.1:0', `unix:${path}`], args: ['--public', '.', ...tlsArgs()] },
});
const FILE = '/package-lock.json';
const clients = [];
const kept = []; // streams that are open to the end
after(() => { clients.forEach((client) => client.close()); rmSync(place, { recursive: true, force: true }); });

const KINDS = {
  'HTTP/1.1': { curl: ['--http1.1'], base: app.relay.url, version: '1.1' },
  'HTTP/1.1 over TLS': { curl: ['--http1.1', '-k'], base: app.relay.tlsUrl, version: '1.1' },
  'HTTP/1.1 on a Unix socket': { curl: ['--http1.1', '--unix-socket', path], base: 'http://localhost', version: '1.1' },
  h2c: { curl: ['--http2-prior-knowledge'], base: app.relay.url, version: '2' },
  'HTTP/2 over TLS': { curl: ['--http2', '-k'], base: app.relay.tlsUrl, version: '2' },
  'HTTP/2 over TLS 1.2': { curl: ['--http2', '-k', '--tls-max', '1.2'], base: app.relay.tlsUrl, version: '2' },
  'h2c on a Unix socket': { curl: ['--http2-prior-knowledge', '--unix-socket', path], base: 'http://localhost', version: '2' },
};

// { version, status, headers, body } of one request by curl.
async function curl(kind, target, ...args) {
  const { stdout } = await run('curl', ['-sS', '-m', '60', '-i', '-w', '\n%{http_version} %{http_code}', ...kind.curl, ...args,
    `${kind.base}${target}`], { maxBuffer: 1 << 26 });
  const [, head, rest] = stdout.match(/^([\s\S]*?)\r\n\r\n([\s\S]*)$/);
  const [, body, version, status] = rest.match(/^([\s\S]*)\n(\S+) (\d+)$/);
  const headers = Object.fromEntries(head.split('\r\n').slice(1).map((line) => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
  }));
  return { version, status: Number(status), headers, body };
}

for (const [name, kind] of Object.entries(KINDS)) {
  test(`${name}: a document, by GET, HEAD and If-None-Match`, async () => {
    const got = await curl(kind, '/api/notes/1');
    strictEqual(got.version, kind.version);
    strictEqual(got.status, 200);
    strictEqual(JSON.parse(got.body).id, 1);
    strictEqual(got.headers['content-length'], String(got.body.length));
    strictEqual(got.headers.vary, 'Accept');
    const head = await curl(kind, '/api/notes/1', '--head');
    strictEqual(head.status, 200);
    strictEqual(head.body, '');
    strictEqual(head.headers.etag, got.headers.etag);
    strictEqual(head.headers['content-length'], got.headers['content-length']);
    const same = await curl(kind, '/api/notes/1', '-H', `If-None-Match: ${got.headers.etag}`);
    strictEqual(same.status, 304);
    strictEqual(same.body, '');
  });

  test(`${name}: errors are problems`, async () => {
    const missing = await curl(kind, '/api/nothing/at/all');
    strictEqual(missing.status, 404);
    strictEqual(missing.headers['content-type'], 'application/problem+json');
    strictEqual(JSON.parse(missing.body).status, 404);
    const method = await curl(kind, '/api/notes/1', '-X', 'DELETE');
    strictEqual(method.status, 405);
    match(method.headers.allow, /GET/);
  });

  test(`${name}: files, whole and in parts`, async () => {
    const whole = await curl(kind, FILE);
    strictEqual(whole.status, 200);
    strictEqual(Buffer.byteLength(whole.body), statSync(`.${FILE}`).size);
    const part = await curl(kind, FILE, '-r', '5-14');
    strictEqual(part.status, 206);
    strictEqual(part.body, whole.body.slice(5, 15));
    strictEqual((await curl(kind, FILE, '-r', '999999999-')).status, 416);
  });

  test(`${name}: a stream follows every change`, async () => {
    const child = run('curl', ['-sS', '-N', '-m', '60', ...kind.curl, '-H', 'Accept: text/event-stream', `${kind.base}/api/notes/2`]);
    let seen = '';
    child.child.stdout.on('data', (piece) => { seen += piece; });
    await until(() => /^data: .*"id" : 2.*\n\n/m.test(seen));
    match(seen, /^retry: \d+\n/);
    const body = `${name} ${Math.random()}`;
    await app.sql('update app.notes set body = $1 where id = 2', [body]);
    await until(() => seen.includes(JSON.stringify(body)));
    child.child.kill();
    await child.catch(() => {});
  });
}

test('a stream resumes over HTTP/2 as over HTTP/1.1', async () => {
  const client = await connect2(app.relay.tlsUrl);
  clients.push(client);
  const first = await client.stream('/api/notes/1');
  strictEqual(first.headers['content-type'], 'text/event-stream');
  const { id } = await first.next();
  const again = await client.stream('/api/notes/1', { lastEventId: id });
  await app.sql("update app.notes set body = 'resumed' where id = 1");
  strictEqual(JSON.parse((await again.next()).data).body, 'resumed');
  strictEqual(again.events.length, 1);
  deepStrictEqual(again.complaints, []);
  kept.push(first, again);
});

test('a client that closes its stream, or its connection, is known at once, while nothing happens', async () => {
  const client = await connect2(app.relay.url);
  const one = await client.stream('/api/notes/1');
  const two = await client.stream('/api/notes/2');
  await Promise.all([one.next(), two.next()]);
  const before = 2 + kept.length;
  await until(async () => await app.metric('pgcrier_subscribers') === before, { what: 'nobody else is left of the tests above' });
  one.close();
  await until(async () => await app.metric('pgcrier_subscribers') === before - 1, { limit: 8000 });
  client.close();
  await until(async () => await app.metric('pgcrier_subscribers') === before - 2, { limit: 8000 });
});

test('a stream over TLS with HTTP/1.1 whose client leaves is known at once', async () => {
  const before = kept.length;
  const child = run('curl', ['-sS', '-N', '-k', '--http1.1', '-H', 'Accept: text/event-stream', `${app.relay.tlsUrl}/api/notes/1`]);
  await until(async () => await app.metric('pgcrier_subscribers') === before + 1);
  child.child.kill();
  await child.catch(() => {});
  await until(async () => await app.metric('pgcrier_subscribers') === before, { limit: 8000 });
});

test('HTTP/2 on a Unix socket by a client that keeps it', async () => {
  const client = await connect2({ connect: () => net.connect(path) });
  clients.push(client);
  strictEqual((await client.get('/api/notes/1')).status, 200);
  ok((await client.get(FILE)).body.length > 1000);
});
