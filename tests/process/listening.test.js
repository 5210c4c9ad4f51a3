// A channel that is declared while the listening connection is made anew: its streams open when it is listened to.

import { strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { startApp } from '../lib/app.js';
import { PASS, gateOf } from '../lib/gate.js';
import { startProxy } from '../lib/proxy.js';
import { get } from '../lib/sse.js';
import { until } from '../lib/until.js';

const app = await startApp({
  relay: false,
  sql: `create function app.gated() returns json language plpgsql stable as $$ begin perform ${PASS}; return '1'; end $$;
    grant execute on function app.gated to relay;
    select crier.live('/api/gated', 'app.gated()', reread => '1 hour')`,
});
const { cluster } = app;
const listeners = () => cluster.backends(`application_name = 'pgcrier listener' and query like 'listen crier%'`);

// The link is slow, so that LISTEN is in flight when the routes come, which a read has held up until then.
test('routes that come while LISTEN is in flight wait for it', async () => {
  const proxy = await startProxy({ port: cluster.port });
  const relay = app.relay = await app.startRelay({ args: ['--listen-database', cluster.tcpUrl({ user: 'relay', port: proxy.port }), '--pool', '1', '--threads', '1'] });
  const gate = gateOf(cluster);
  await gate.shut();
  const reading = get(`${relay.url}/api/gated`);
  await until(async () => (await cluster.backends(`application_name = 'pgcrier' and query like '%crier.read(%' and state = 'active'`)).length === 1);
  await app.sql(`select crier.channel('/events/late', 'late')`);
  await app.heard();
  const [{ pid }] = await listeners();
  proxy.delay(400);
  await app.sql('select pg_terminate_backend($1)', [pid]);
  await until(async () => (await listeners()).some((one) => one.pid !== pid), { what: 'LISTEN is in flight' });
  await gate.open();
  strictEqual((await reading).status, 200);
  const stream = await app.opened('/events/late');
  await until(() => relay.lines.filter((line) => /listening to the database/.test(line)).length === 2, { every: 5, what: 'it listens again' });
  await app.sql(`select pg_notify('late', 'said')`);
  await stream.until((event) => event.data === 'said');
  stream.close();
  strictEqual((await relay.stop()).code, 0);
  await proxy.stop();
});
