// What an operator sees: health, readiness, metrics, and the relay's own rows in the database.

import { deepStrictEqual, match, ok, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { startApp } from '../lib/app.js';
import { get } from '../lib/sse.js';
import { until } from '../lib/until.js';

const app = await startApp();
const { relay } = app;
const admin = (path) => get(relay.admin + path);

test('healthz is 200 while the process lives, readyz while it can serve', async () => {
  strictEqual((await admin('/healthz')).status, 200);
  strictEqual((await admin('/readyz')).status, 200);
  await app.cluster.shutdown('fast');
  await until(async () => (await admin('/readyz')).status === 503);
  strictEqual((await admin('/healthz')).status, 200);
  await app.cluster.start();
  await until(async () => (await admin('/readyz')).status === 200);
});

test('the admin\'s paths are not served to clients, nor the clients\' to the admin', async () => {
  for (const path of ['/metrics', '/healthz', '/readyz']) strictEqual((await app.get(path)).status, 404);
  strictEqual((await admin('/api/notes/1')).status, 404);
  strictEqual((await admin('/')).status, 404);
});

test('metrics are Prometheus text: every sample has its HELP and TYPE, and every name is ours', async () => {
  const { headers, text } = await admin('/metrics');
  match(headers['content-type'], /^text\/plain; version=0\.0\.4/);
  const types = new Map();
  const helped = new Set();
  for (const line of text.trimEnd().split('\n')) {
    const [, comment, name, rest] = line.match(/^# (HELP|TYPE) (\w+) (.+)$/) ?? [];
    if (comment === 'HELP') { helped.add(name); continue; }
    if (comment === 'TYPE') { types.set(name, rest); continue; }
    const sample = line.match(/^(pgcrier_[a-z0-9_]+)(\{[a-z]+="[^"]*"(?:,[a-z]+="[^"]*")*\})? (-?[0-9.e+-]+)$/);
    ok(sample, line);
    const family = [sample[1], sample[1].replace(/_(bucket|sum|count)$/, '')].find((f) => types.has(f));
    ok(family && helped.has(family), line);
    if (types.get(family) === 'counter') match(family, /_total$/);
  }
  for (const name of ['subscribers', 'keys', 'reads_total', 'read_errors_total', 'resolves_total', 'notifications_total',
    'frames_total', 'frame_bytes', 'deliveries_total', 'sent_bytes_total', 'cut_total', 'resyncs_total', 'listening',
    'pool_connections', 'connections', 'requests_total', 'put_off_total', 'delivery_seconds', 'http2_connections', 'http2_streams',
    'notification_queue_ratio', 'http2_ended_total', 'http2_refused_total', 'http2_cut_total', 'tls_failures_total']) ok(types.has(`pgcrier_${name}`), name);
});

test('the histogram of deliveries counts up to its sum', async () => {
  const stream = await app.stream('/api/notes/1');
  await stream.next();
  const count = await relay.metric('pgcrier_delivery_seconds_count');
  await app.sql(`update app.notes set body = 'measured' where id = 1`);
  await stream.untilDocument((d) => d.body === 'measured');
  await until(async () => await relay.metric('pgcrier_delivery_seconds_count') > count);
  const metrics = await relay.metrics();
  const buckets = [...metrics].filter(([name]) => name.startsWith('pgcrier_delivery_seconds_bucket')).map(([, n]) => n);
  deepStrictEqual(buckets, [...buckets].sort((a, b) => a - b));
  strictEqual(buckets.at(-1), metrics.get('pgcrier_delivery_seconds_count'));
  stream.close();
});

test('the relay\'s row: who it is and that it listens', async () => {
  const [row] = await until(async () => {
    const rows = await app.sql('select * from crier.relays where listening');
    return rows.length === 1 && rows;
  });
  strictEqual(row.role, 'relay');
  match(row.version, /^\d+\.\d+\.\d+$/);
  ok(row.name);
  ok(Date.now() - row.seen < 60_000);
});

test('a subscription\'s row: how many, when notified and read, and its end', async () => {
  const streams = await Promise.all([1, 2, 3].map(() => app.stream('/api/notes/2')));
  const row = (where) => until(async () => (await app.sql(`select * from crier.subscriptions where key = '/api/notes/2' and ${where}`))[0],
    { what: where });
  const first = await row('subscribers = 3');
  strictEqual(first.topic, '/api/notes/2');
  ok(first.read);
  await app.sql(`update app.notes set body = 'reported' where id = 2`);
  await row('notified is not null and read >= notified and error is null');
  streams[0].close();
  await row('subscribers = 2');
  streams.forEach((s) => s.close());
  await until(async () => (await app.sql(`select from crier.subscriptions where key = '/api/notes/2'`)).length === 0);
});

test('explain says what a living relay does with a document', async () => {
  const stream = await app.stream('/api/notes/2');
  await until(async () => (await app.sql(`select from crier.subscriptions where key = '/api/notes/2'`)).length === 1);
  const rows = await app.sql(`select * from crier.explain('/api/notes/2')`);
  ok(rows.every((r) => r.ok), JSON.stringify(rows));
  stream.close();
});

test('two relays: a row each, and each one\'s subscriptions; a relay that stops takes its rows along', async () => {
  const other = await app.startRelay();
  const streams = await Promise.all([app.stream('/api/notes/3'), app.stream(`${other.url}/api/notes/3`)]);
  await until(async () => (await app.sql(`select from crier.subscriptions where key = '/api/notes/3'`)).length === 2);
  await app.sql(`update app.notes set body = 'both' where id = 3`);
  await Promise.all(streams.map((s) => s.untilDocument((d) => d.body === 'both')));
  strictEqual((await other.stop()).code, 0);
  strictEqual((await app.sql('select from crier.relays')).length, 1);
  strictEqual((await app.sql(`select from crier.subscriptions where key = '/api/notes/3'`)).length, 1);
  streams.forEach((s) => s.close());
});

test('an immediate restart empties the unlogged tables; the relay fills them again', async () => {
  const stream = await app.stream('/api/notes/1');
  await stream.next();
  await app.cluster.restart('immediate');
  await until(async () => (await app.sql('select from crier.relays where listening')).length === 1);
  await until(async () => (await app.sql(`select from crier.subscriptions where key = '/api/notes/1'`)).length === 1);
  stream.close();
});
