// readme.test.js -- what the README tells a newcomer to type works as it stands there.

import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { ROOT, startCluster } from '../lib/cluster.js';
import { startRelay } from '../lib/relay.js';
import { get } from '../lib/sse.js';
import { DEFAULT_LIMIT_MS, patient, until } from '../lib/until.js';

const README = readFileSync(join(ROOT, 'README.md'), 'utf8');
const block = (language, n = 0) => [...README.matchAll(new RegExp(`\`\`\`${language}\\n([^]*?)\`\`\``, 'g'))][n][1];

let cluster;
let relay;
let browser;
let page;
const site = mkdtempSync(join(tmpdir(), 'pgcrier-readme-'));

const post = (path, type, body) => fetch(`${relay.url}${path}`, { method: 'POST', headers: { 'content-type': type }, body });

before(async () => {
  cluster = await startCluster();
  await cluster.sql("select crier.grant_relay('relay')");
  writeFileSync(join(site, 'todo.html'), `<!doctype html>${block('html')}`);
  relay = await startRelay({ database: cluster.url({ user: 'relay' }), args: ['--public', site] });
});

after(async () => {
  await browser?.close();
  try { await relay?.stop(); } finally { await cluster?.stop(); }
  rmSync(site, { recursive: true, force: true });
});

test('README: the first live document is JSON at once, without a restart', async () => {
  await cluster.sql(block('sql'));
  const answer = await until(async () => {
    const got = await get(`${relay.url}/api/todo`);
    return got.status === 200 && got;
  }, { what: 'the route is there' });
  assert.deepEqual(answer.json(), [{ id: 1, what: 'feed the cat' }]);
});

test('README: the page of five lines shows an INSERT', async () => {
  assert.ok(block('html').trim().split('\n').length <= 5);
  browser = await chromium.launch({
    timeout: patient(DEFAULT_LIMIT_MS),
    executablePath: '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync'],
  });
  page = await browser.newPage();
  page.setDefaultTimeout(patient(DEFAULT_LIMIT_MS));
  await page.goto(`${relay.url}/todo.html`);
  await page.getByText('feed the cat').waitFor();
  await cluster.sql(README.match(/Now `(insert into todo [^`]*)`/)[1]);
  await page.getByText('pet the cat').waitFor();
});

test('README: a write answers 201, and the page has it', async () => {
  await cluster.sql(block('sql', 1));
  const [, path, type, body] = README.match(/`curl -i localhost:8080(\S+) -H 'Content-Type: ([^']*)' -d '([^']*)'`/);
  await until(async () => (await post(path, type, body)).status === 201, { what: 'the route is there' });
  await page.getByText('walk the dog').first().waitFor();
});

test('README: announcements and channels', async () => {
  for (const query of block('sql', 2).split('\n').filter((line) => line)) await cluster.sql(query.replace(/--.*/, ''));
});

test('README: when a page does not move, the database says why', async () => {
  const steps = await cluster.sql("select * from crier.explain('/api/todo')");
  assert.ok(steps.length > 3);
  for (const query of block('sql', 3).split('\n').filter((line) => line)) await cluster.sql(query.replace(/--.*/, ''));
});

test('scripts/demo says which port is in use, before it makes anything', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const { port } = other.address();
  const data = join(site, 'demo');
  const { status, stderr } = spawnSync(join(ROOT, 'scripts', 'demo'), { encoding: 'utf8', timeout: 300_000,
    env: { ...process.env, PGCRIER_PORT: port, PGCRIER_TLS_PORT: port, PGCRIER_ADMIN_PORT: port, PGCRIER_DATA: data } });
  other.close();
  assert.equal(status, 1);
  assert.match(stderr, new RegExp(`port ${port} is in use: .*PGCRIER_PORT`));
  assert.deepEqual(readdirSync(data), ['lock']);
});
