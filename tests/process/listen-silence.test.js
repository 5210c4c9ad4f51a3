// listen-silence.test.js -- when the LISTEN connection is given up, and when not.
//
// It may be lost at the worst moment: between its connecting and PostgreSQL's answer to LISTEN. There is
// nothing to hear yet, so no canary can be missed; the relay needs a deadline for the answer. And it may
// be slow: a canary that has to wait behind others is late, not lost.

import { after, before, describe, it } from 'node:test';
import assert from 'node:assert/strict';
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { startCluster } from '../lib/cluster.js';
import { startProxy } from '../lib/proxy.js';
import { startRelay } from '../lib/relay.js';
import { openStream } from '../lib/sse.js';
import { until } from '../lib/until.js';

const READY_FOR_QUERY = Buffer.from([0x5a, 0, 0, 0, 5, 0x49]); // 'Z', idle

let cluster;
let relay;
let server;
let swallow = false;      // whether new connections fall silent after their start
let swallowed = 0;
const links = new Set();

// A proxy that lets a connection be made and, when told so, keeps every later answer to itself.
function serve(near) {
  const far = net.connect({ host: '127.0.0.1', port: cluster.port });
  let silent = false;
  near.on('data', (piece) => far.write(piece));
  far.on('data', (piece) => {
    if (silent) { swallowed += 1; return; }
    near.write(piece);
    silent = swallow && piece.includes(READY_FOR_QUERY);
  });
  for (const [end, other] of [[near, far], [far, near]]) {
    end.on('error', () => {});
    end.on('close', () => other.destroy());
  }
  links.add(near);
}

before(async () => {
  cluster = await startCluster();
  await cluster.sql(`
    create table item(id integer primary key, n integer not null);
    insert into item values (1, 1);
    grant select on item to relay;
    create function item_document(_id integer) returns json language sql stable
      as $$ select to_json(i) from item i where id = _id $$;
    select crier.live('/item/{id}', 'item_document(integer)', reread => '1 day');
    select crier.watch('item', '/item/{id}');
    select crier.channel('/told', 'told');`);
  server = net.createServer(serve);
  await new Promise((resolve) => server.listen({ host: '127.0.0.1', port: 0 }, resolve));
  relay = await startRelay({
    database: cluster.url({ user: 'relay' }),
    args: ['--listen-database', cluster.tcpUrl({ user: 'relay', port: server.address().port })],
  });
});

after(async () => {
  for (const link of links) link.destroy();
  server?.close();
  try { await relay?.stop(); } finally { await cluster?.stop(); }
});

describe('the LISTEN connection', { concurrency: true }, () => {
  it('is given up when LISTEN is never answered', async () => {
    const stream = await openStream(`${relay.url}/item/1`);
    await stream.next();
    swallow = true;
    for (const link of links) link.destroy();
    await until(() => swallowed > 0, { what: 'the answer to LISTEN is swallowed' });
    swallow = false;
    await cluster.sql('update item set n = 2');
    const event = await stream.next();
    assert.deepEqual(JSON.parse(event.data), { id: 1, n: 2 });
    stream.close();
  });

  // A relay that fell behind used to take the canary for lost, and what was announced meanwhile was.
  it('is kept while it is slow, and brings all that was announced', async () => {
    const proxy = await startProxy({ port: cluster.port });
    const slow = await startRelay({
      database: cluster.url({ user: 'relay' }),
      args: ['--listen-database', cluster.tcpUrl({ user: 'relay', port: proxy.port })],
    });
    try {
      const stream = await openStream(`${slow.url}/told`);
      const canaries = () => slow.metric('pgcrier_notifications_total{kind="canary"}');
      await until(async () => await canaries() > 0, { what: 'the first canary is back' });
      const resyncs = await slow.metric('pgcrier_resyncs_total');
      let told = 0;
      // Ever later, never silent: what is sent in the last seconds, a canary with it, takes longer than a canary has.
      while (proxy.delayMs < 12_000 || told < 80) {
        proxy.delay(Math.min(proxy.delayMs + 400, 12_000));
        await cluster.sql(`notify told, '${told += 1}'`);
        await sleep(100);
      }
      await stream.until((event) => event.data === String(told));
      assert.deepEqual(stream.events.map((event) => Number(event.data)), Array.from({ length: told }, (_, i) => i + 1));
      assert.equal(await slow.metric('pgcrier_resyncs_total'), resyncs);
      stream.close();
    } finally {
      try { await slow.stop(); } finally { await proxy.stop(); }
    }
  });
});
