// Writes and blobs when the database goes away, when the relay ends, and through a transaction pooler.

import { deepStrictEqual, doesNotMatch, match, ok, strictEqual } from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { startApp } from '../lib/app.js';
import { ROOT } from '../lib/cluster.js';
import { PASS, gateOf } from '../lib/gate.js';
import { startProxy } from '../lib/proxy.js';
import { get } from '../lib/sse.js';
import { until } from '../lib/until.js';

const app = await startApp({ sql: readFileSync(join(ROOT, 'tests/lib/writes.sql'), 'utf8') });
await app.sql(`
  create function app.slow_commit() returns trigger language plpgsql as $$ begin perform ${PASS}; return null; end $$;
  create constraint trigger slow after insert on app.entries deferrable initially deferred
    for each row when (new.title = 'slow') execute function app.slow_commit()`);
const gate = gateOf(app.cluster);
const post = (path, body, relay = app.relay) => get(`${relay.url}${path}`, {
  method: 'POST', body: body && JSON.stringify(body), headers: { 'content-type': 'application/json' },
});
const count = (title) => app.cluster.value('select count(*)::integer from app.entries where title = $1', [title]);
const working = `query like '%crier.act%' and state = 'active'`;
const terminate = async (where) => {
  await until(async () => (await app.cluster.backends(where)).length === 1, { what: `one works: ${where}` });
  await app.sql(`select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() and ${where}`);
};
const outcomeUnknown = (answer) => {
  deepStrictEqual([answer.status, answer.json().title, answer.headers['retry-after']], [503, 'The outcome is unknown', undefined]);
};

test('F05: a write whose connection is terminated while it works is 503, not done, and never done again', async () => {
  await gate.shut();
  const waiting = post('/api/wait');
  await terminate(working);
  const answer = await waiting;
  await gate.open();
  deepStrictEqual([answer.status, answer.json().title], [503, 'The database is away'], 'the server said that it failed: there is no doubt');
  match(answer.headers['retry-after'], /^\d+$/);
  strictEqual((await post('/api/nothing')).status, 204);
  strictEqual(await count('waited'), 0);
});

test('F05: when the connection breaks without a word, the outcome is unknown, and it says so', async () => {
  const proxy = await startProxy({ port: app.cluster.port });
  const relay = await app.startRelay({ database: app.cluster.tcpUrl({ user: 'relay', port: proxy.port }) });
  await gate.shut();
  const lost = post('/api/wait', undefined, relay); // the server notices when it answers, and undoes it
  await until(async () => (await app.cluster.backends(working)).length === 1, { what: 'it works' });
  proxy.cut();
  outcomeUnknown(await lost);
  await gate.open();
  await until(async () => (await post('/api/nothing', undefined, relay)).status === 204, { what: 'the relay goes on' });
  await gate.shut();
  const waiting = post('/api/entries', { title: 'slow' }, relay);
  await until(async () => (await app.cluster.backends(`query = 'commit' and state = 'active'`)).length === 1, { what: 'it commits' });
  proxy.cut();
  outcomeUnknown(await waiting);
  await gate.open();
  await until(async () => (await count('slow')) === 1, { what: 'it was committed all the same' });
  await until(async () => (await post('/api/nothing', undefined, relay)).status === 204, { what: 'the relay goes on' });
  strictEqual(await count('slow'), 1, 'once');
  await relay.stop();
  await proxy.stop();
});

test('F07: a link that is dead while a write is out: after the query timeout the outcome is unknown', async () => {
  const proxy = await startProxy({ port: app.cluster.port });
  const relay = await app.startRelay({ database: app.cluster.tcpUrl({ user: 'relay', port: proxy.port }), args: ['--query-timeout', '5s'] });
  const before = await count('waited');
  await gate.shut();
  const waiting = post('/api/wait', undefined, relay);
  await until(async () => (await app.cluster.backends(working)).length === 1, { what: 'it works' });
  proxy.blackHole();
  await gate.open();
  outcomeUnknown(await waiting);
  await until(async () => (await count('waited')) === before + 1, { what: 'it was committed all the same' });
  proxy.cut();
  proxy.pass();
  await relay.kill();
  await proxy.stop();
});

test('F01: without a database a write is 503 with Retry-After, a blob too; afterwards both work', async () => {
  const reading = await app.raw('GET /files/8 HTTP/1.1\r\nhost: x\r\n\r\n');
  await reading.until((bytes) => bytes.includes('\r\n\r\n'));
  reading.pause();
  await app.cluster.shutdown('fast');
  await until(async () => (await post('/api/nothing')).status === 503, { what: 'it is noticed' });
  const answer = await post('/api/nothing');
  deepStrictEqual([answer.json().title, answer.headers['retry-after']], ['The database is away', '1']);
  deepStrictEqual([(await app.get('/files/1')).status, (await app.get('/files/1')).headers['retry-after']], [503, '1']);
  reading.resume();
  await reading.closed;
  ok(reading.received.length < 16777344, 'a transfer that cannot go on ends');
  await app.cluster.start();
  await until(async () => (await post('/api/nothing')).status === 204, { what: 'it is back' });
  strictEqual((await app.get('/files/1')).status, 200);
});

test('a deferred trigger that fails is the write\'s error; a notification of the write comes after the commit', async () => {
  const { id } = (await post('/api/entries', { title: 'told' })).json();
  const stream = await app.stream(`/api/entries/${id}`);
  await stream.next();
  await app.sql('create function app.refuse() returns trigger language plpgsql as $$ begin raise exception $x$no$x$; end $$');
  await app.sql(`create constraint trigger refuse after update on app.entries deferrable initially deferred for each row execute function app.refuse()`);
  const answer = await get(app.url(`/api/entries/${id}`), { method: 'PATCH', body: '{"title":"lost"}', headers: { 'content-type': 'application/json' } });
  strictEqual(answer.status, 500);
  doesNotMatch(answer.text, /\bno\b/);
  await app.sql('drop trigger refuse on app.entries');
  strictEqual((await get(app.url(`/api/entries/${id}`), { method: 'PATCH', body: '{"title":"kept"}', headers: { 'content-type': 'application/json' } })).status, 204);
  await stream.untilDocument((d) => d.title === 'kept');
  deepStrictEqual(stream.events.map((e) => JSON.parse(e.data).title), ['told', 'kept'], 'G3: nobody saw what was rolled back');
  stream.close();
});

test('P01: a drain finishes a write that is out, and a blob that is being read', async () => {
  const relay = await app.startRelay({ args: ['--drain', '5min'] });
  const before = await count('waited');
  const reading = await app.raw('GET /files/8 HTTP/1.1\r\nhost: x\r\n\r\n', {}, relay);
  await reading.until((bytes) => bytes.includes('\r\n\r\n'));
  reading.pause();
  await gate.shut();
  const waiting = post('/api/wait', undefined, relay);
  await until(async () => (await app.cluster.backends(working)).length === 1, { what: 'it works' });
  const stopped = relay.stop();
  await relay.hears(/draining/);
  await gate.open();
  strictEqual((await waiting).status, 204);
  reading.resume();
  await reading.closed;
  strictEqual(reading.received.length - reading.received.indexOf('\r\n\r\n') - 4, 16777344);
  strictEqual((await stopped).code, 0);
  strictEqual(await count('waited'), before + 1);
});
