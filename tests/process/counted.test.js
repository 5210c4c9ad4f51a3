// What is done is counted: every metric that no other test looks at rises with what it counts.

import { strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { startApp } from '../lib/app.js';
import { connect2 } from '../lib/h2.js';
import { startProxy } from '../lib/proxy.js';
import { until } from '../lib/until.js';

const app = await startApp({
  relay: { args: ['--body-budget', '64KiB', '--pool', '1'] },
  sql: `
    create function app.answer(_status integer) returns crier.response language plpgsql as $$ begin
      if _status >= 400 then raise exception using errcode = 'PT' || _status; end if;
      return crier.respond(_status, null, '/x'); end $$;
    create function app.octets(_status integer) returns bytea language plpgsql stable as $$ begin
      if _status >= 400 then raise exception using errcode = 'PT' || _status; end if;
      return 'octets'; end $$;
    create function app.take(_octets bytea) returns void language sql as $$ select $$;
    select crier.action('POST', '/api/answer/{status}', 'app.answer(integer)');
    select crier.action('POST', '/api/take', 'app.take(bytea)');
    select crier.blob('/api/octets/{status}', 'app.octets(integer)');
    grant execute on all functions in schema app to relay`,
});

const post = (path) => app.get(path, { method: 'POST' });
const opened = async (action) => {
  const stream = await app.stream('/api/notes/1');
  await stream.next();
  await action?.();
  return stream;
};

// It may be counted after the client has seen it; what stays open (a stream) is closed afterwards.
for (const [metric, act] of [
  ['answers_total{kind="action",status="2xx"}', async () => strictEqual((await post('/api/answer/201')).status, 201)],
  ['answers_total{kind="action",status="3xx"}', async () => strictEqual((await post('/api/answer/303')).status, 303)],
  ['answers_total{kind="action",status="4xx"}', async () => strictEqual((await post('/api/answer/402')).status, 402)],
  ['answers_total{kind="action",status="5xx"}', async () => strictEqual((await post('/api/answer/503')).status, 503)],
  ['answers_total{kind="blob",status="2xx"}', async () => strictEqual((await app.get('/api/octets/200')).status, 200)],
  ['answers_total{kind="blob",status="3xx"}', async () => {
    const { headers: { etag } } = await app.get('/api/octets/200');
    strictEqual((await app.get('/api/octets/200', { headers: { 'if-none-match': etag } })).status, 304);
  }],
  ['answers_total{kind="blob",status="4xx"}', async () => strictEqual((await app.get('/api/octets/404')).status, 404)],
  ['answers_total{kind="blob",status="5xx"}', async () => strictEqual((await app.get('/api/octets/503')).status, 503)],
  ['events_total', () => opened(() => app.sql(`select crier.announce('/api/notes/1', 'hello', '1')`))],
  ['sent_bytes_total', () => opened()],
  ['http2_refused_total{reason="budget"}', async () => {
    const client = await connect2(app.relay.url);
    const body = Buffer.alloc(100_000);
    strictEqual((await client.get('/api/take', { method: 'POST', body })).status, 503);
    client.close();
  }],
]) {
  test(`it is counted: pgcrier_${metric}`, async () => {
    const before = await app.metric(`pgcrier_${metric}`);
    const stream = await act();
    await until(async () => await app.metric(`pgcrier_${metric}`) > before, { what: `${metric} rises` });
    stream?.close();
  });
}

test('connections of the pool are counted by what they do: idle, and connecting while nobody answers', async () => {
  const proxy = await startProxy({ port: app.cluster.port });
  const relay = await app.startRelay({ database: app.cluster.tcpUrl({ user: 'relay', port: proxy.port }), args: ['--pool', '1'] });
  const now = (state) => relay.metric(`pgcrier_pool_connections{state="${state}"}`);
  await until(async () => await now('idle') === 1 && await now('connecting') === 0 && await now('busy') === 0, { what: 'it is idle' });
  proxy.blackHole();
  proxy.cut();
  await until(async () => await now('connecting') === 1 && await now('idle') === 0, { what: 'it connects' });
  proxy.pass();
  proxy.cut();
  await until(async () => await now('idle') === 1 && await now('connecting') === 0, { what: 'it is idle again' });
  strictEqual((await relay.stop()).code, 0);
  await proxy.stop();
});
