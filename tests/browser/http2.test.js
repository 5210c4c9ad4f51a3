// http2.test.js -- one page, one connection: 20 EventSources, a POST and a big download beside them.

import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startBrowser } from '../lib/browser.js';
import { tlsArgs } from '../lib/certificate.js';
import { startCluster } from '../lib/cluster.js';
import { startRelay } from '../lib/relay.js';
import { until } from '../lib/until.js';

const SOURCES = 20;
const BIG = 20_000_000;
const place = mkdtempSync(join(tmpdir(), 'pgcrier-public-'));
let cluster;
let relay;
let browser;
let page;

before(async () => {
  writeFileSync(join(place, 'index.html'), '<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><title>one connection</title>');
  writeFileSync(join(place, 'big'), Buffer.alloc(BIG, 'pgcrier '));
  cluster = await startCluster();
  await cluster.sql(`
    create table item (id integer primary key, n integer not null default 0);
    insert into item select generate_series(1, ${SOURCES});
    create function item_document(_id integer) returns json language sql stable security definer
      as $$ select to_json(i) from public.item i where id = _id $$;
    create function item_add(_id integer, _by integer) returns json language sql volatile security definer
      as $$ update public.item set n = n + _by where id = _id returning to_json(item) $$;
    select crier.live('/item/{id}', 'item_document(integer)');
    select crier.watch('item', '/item/{id}');
    select crier.action('POST', '/item/{id}', 'item_add(integer,integer)');
    select crier.grant_relay('relay')`);
  relay = await startRelay({ database: cluster.url({ user: 'relay' }), args: ['--public', place, ...tlsArgs()] });
  browser = await startBrowser();
  page = await browser.open(`${relay.tlsUrl}/`, { ignoreHTTPSErrors: true });
});
after(async () => {
  try { await browser?.stop(); await relay?.stop(); } finally { await cluster?.stop(); rmSync(place, { recursive: true, force: true }); }
});

const counts = () => page.evaluate(() => sources.map((source) => source.n));

test('20 EventSources over one HTTP/2 connection, a POST and a big download beside them', async () => {
  await page.evaluate((count) => {
    globalThis.sources = Array.from({ length: count }, (_, i) => {
      const source = new EventSource(`/item/${i + 1}`);
      source.onmessage = ({ data }) => { source.n = JSON.parse(data).n; source.events = (source.events ?? 0) + 1; };
      return source;
    });
  }, SOURCES);
  await until(async () => (await counts()).every((n) => n === 0), { what: 'all have their first document' });
  const [download, posted] = await page.evaluate(async () => Promise.all([
    fetch('/big').then((r) => r.arrayBuffer()).then((bytes) => bytes.byteLength),
    fetch('/item/3', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ by: 7 }) }).then((r) => r.json()),
  ]));
  assert.equal(download, BIG);
  assert.equal(posted.n, 7);
  await cluster.sql('update item set n = n + 1');
  await until(async () => (await counts()).every((n, i) => n === (i === 2 ? 8 : 1)), { what: 'all follow' });
  const protocols = await page.evaluate(() => performance.getEntriesByType('resource').map((entry) => entry.nextHopProtocol));
  assert.ok(protocols.length > 0 && protocols.every((protocol) => protocol === 'h2'), `${protocols}`);
  await until(async () => await relay.metric('pgcrier_http2_connections') === 1, { what: 'one connection, but for what the browser opened in advance' });
  assert.equal(await relay.metric('pgcrier_subscribers'), SOURCES);
});

test('an EventSource that is closed is gone at once, and so are all when the page is left', async () => {
  await page.evaluate(() => sources.slice(0, 10).forEach((source) => source.close()));
  await until(async () => await relay.metric('pgcrier_subscribers') === SOURCES - 10, { limit: 8000 });
  await cluster.sql('update item set n = n + 1');
  await until(async () => (await counts()).every((n, i) => n === (i === 2 ? 8 : 1) + (i < 10 ? 0 : 1)), { what: 'the others go on' });
  await page.goto('about:blank');
  await until(async () => await relay.metric('pgcrier_subscribers') === 0, { limit: 8000 });
  assert.equal(await relay.metric('pgcrier_http2_ended_total'), 0);
  assert.deepEqual(page.complaints, []);
});
