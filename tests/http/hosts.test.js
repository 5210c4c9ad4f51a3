// Under which names the relay answers: those that --host names, whatever is asked for; any without it.

import { strictEqual } from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { startApp } from '../lib/app.js';
import { connect2 } from '../lib/h2.js';
import { get } from '../lib/sse.js';

const site = mkdtempSync(join(tmpdir(), 'pgcrier-hosts-'));
after(() => rmSync(site, { recursive: true, force: true }));
writeFileSync(join(site, 'page.html'), 'a page');

const app = await startApp({
  relay: { args: ['--public', site, '--host', 'Relay.Example', '--host', '[fd00::1]', '--host', '127.0.0.1'] },
  sql: `create function app.note(_what text default '') returns void language sql as $$ select $$;
    select crier.action('POST', '/api/note', 'app.note(text)');
    grant execute on function app.note(text) to relay`,
});
const REQUESTS = [
  ['a document', '/api/notes/1', {}], ['a stream', '/api/notes/1', { headers: { accept: 'text/event-stream' } }],
  ['a file', '/page.html', {}], ['a write', '/api/note', { method: 'POST' }], ['nothing', '/nothing', {}],
];
const refused = () => app.metric('pgcrier_refused_total{reason="host"}');

for (const [what, path, options] of REQUESTS) {
  test(`S15: ${what} for a foreign name is 421, over HTTP/1.1 and HTTP/2`, async () => {
    const client = await connect2(app.relay.url);
    const before = await refused();
    const foreign = ['evil.example', 'relay.example.evil.example', 'localhost:80', '[fd00::2]'];
    for (const name of foreign) {
      for (const answer of [await app.get(path, { ...options, headers: { ...options.headers, host: name } }),
        await client.get(path, { ...options, headers: { ...options.headers, ':authority': name } })]) {
        strictEqual(answer.status, 421, name);
        strictEqual(answer.headers['content-type'], 'application/problem+json');
      }
    }
    strictEqual(await refused() - before, 2 * foreign.length);
    client.close();
  });
}

test('S15: for its own names it serves, in any case, with any port', async () => {
  const client = await connect2(app.relay.url);
  for (const name of ['relay.example', 'RELAY.example:8080', '[FD00::1]:1', '127.0.0.1']) {
    strictEqual((await app.get('/page.html', { headers: { host: name } })).status, 200, name);
    strictEqual((await client.get('/api/notes/1', { headers: { ':authority': name } })).status, 200, name);
  }
  client.close();
});

test('S15: no name at all is none of ours', async () => {
  for (const head of ['GET /api/notes/1 HTTP/1.0', 'GET /api/notes/1 HTTP/1.1', 'GET /api/notes/1 HTTP/1.1\r\nHost:']) {
    const raw = await app.raw(`${head}\r\nConnection: close\r\n\r\n`);
    await raw.closed;
    strictEqual(raw.text.slice(9, 12), '421', head);
  }
});

test('the admin has an address of its own, and answers to any name', async () => {
  strictEqual((await get(`${app.relay.admin}/healthz`, { headers: { host: 'evil.example' } })).status, 200);
});
