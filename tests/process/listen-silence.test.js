// listen-silence.test.js -- the LISTEN connection is lost at the worst moment: between its connecting
// and PostgreSQL's answer to LISTEN.
//
// There is nothing to hear yet, so no canary can be missed; the relay needs a deadline for the answer.

import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import net from 'node:net';
import { startCluster } from '../lib/cluster.js';
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
    select crier.watch('item', '/item/{id}');`);
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

test('a relay whose LISTEN is never answered tries again', async () => {
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
