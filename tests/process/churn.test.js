// churn.test.js -- clients that come and go at any moment, mostly the wrong one.
//
// C08: a client may vanish before its first read is done, between the headers and the first frame, or
// with a write in flight. Its memory must neither leak nor be used again, which the sanitizer
// build of the relay sees; here it must stay alive, count right, and serve whoever stays.

import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { startCluster } from '../lib/cluster.js';
import { startRelay } from '../lib/relay.js';
import { get } from '../lib/sse.js';
import { reset } from '../lib/socket.js';
import { until } from '../lib/until.js';

const CLIENTS = 60;
const ROUNDS = Number(process.env.PGCRIER_CHURN_ROUNDS ?? 40);

let cluster;
let relay;

before(async () => {
  cluster = await startCluster();
  await cluster.sql(`
    create table item(id integer primary key, n integer not null, filler text not null);
    insert into item select i, 0, repeat('x', i * 4000) from generate_series(1, 10) i;
    create function item_document(_id integer) returns json language sql stable
      as $$ select to_json(i) from item i where id = _id and n >= 0 and pg_sleep(0.002 * (random() < 0.3)::integer) is not null $$;
    create function slow_document(_id integer) returns json language sql stable
      as $$ select to_json(i) from item i where id = _id and pg_sleep(0.02) is not null $$;
    select crier.live('/item/{id}', 'item_document(integer)', min_interval => '0');
    select crier.live('/slow/{id}', 'slow_document(integer)');
    select crier.watch('item', '/item/{id}');
    select crier.watch('item', '/slow/{id}');`);
  relay = await startRelay({ database: cluster.url() });
});

after(async () => {
  try { await relay?.stop(); } finally { await cluster?.stop(); }
});

const random = (n) => Math.floor(Math.random() * n);

// One client: asks, perhaps reads, and leaves at a random moment in a random manner.
function visit() {
  return new Promise((resolve) => {
    const socket = connect(Number(new URL(relay.url).port), '127.0.0.1');
    const stream = Math.random() < 0.7;
    const id = ['1', '5', '10', '007', '99'][random(5)];
    const path = `/${Math.random() < 0.5 ? 'item' : 'slow'}/${id}`;
    socket.on('error', () => {});
    socket.on('close', resolve);
    if (Math.random() < 0.5) socket.on('data', () => {});
    socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n${stream ? 'Accept: text/event-stream\r\n' : ''}\r\n`);
    setTimeout(() => {
      if (Math.random() < 0.5) reset(socket);
      else socket.destroy();
    }, random(30));
  });
}

test('C08: clients that vanish at any moment leave nothing behind', async () => {
  let changing = true;
  const writer = (async () => {
    while (changing) {
      await cluster.sql('update item set n = n + 1');
      await sleep(random(8));
    }
  })();
  const clients = Array.from({ length: CLIENTS }, async () => {
    for (let round = 0; round < ROUNDS; round += 1) await visit();
  });
  await Promise.all(clients);
  changing = false;
  await writer;
  await until(async () => await relay.metric('pgcrier_subscribers') === 0, { what: 'all subscribers are gone' });
  await until(async () => await relay.metric('pgcrier_keys') === 0, { what: 'no document is held' });
  await until(async () => await relay.metric('pgcrier_connections') <= 2, { what: 'all connections are closed' });
  const { status } = await get(`${relay.url}/item/1`);
  assert.equal(status, 200);
});
