// partitions.test.js -- F41: a partition attached after its watch is covered by the relay itself.

import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { startCluster } from '../lib/cluster.js';
import { startRelay } from '../lib/relay.js';
import { openStream } from '../lib/sse.js';
import { until } from '../lib/until.js';

let cluster;
let relay;

before(async () => { cluster = await startCluster(); });
after(async () => {
  try { await relay?.stop(); } finally { await cluster?.stop(); }
});

test('F41: writes to a partition that was attached later reach the stream', async () => {
  await cluster.sql(`
    create table item(id integer, n integer) partition by range (id);
    create table item_low partition of item for values from (0) to (10);
    create function item_document(_id integer) returns json language sql stable
      as $$ select to_json(i) from item i where id = _id $$;
    select crier.live('/item/{id}', 'item_document(integer)', reread => '1 hour');
    select crier.watch('item', '/item/{id}');
    create table item_high(id integer, n integer);
    insert into item_high values (15, 1);
    alter table item attach partition item_high for values from (10) to (20);`);
  relay = await startRelay({ database: cluster.url() });
  // Within a second of its start; a minute later where somebody, say autovacuum, is at the table just then.
  await until(async () => {
    const rows = await cluster.sql("select count(*)::int as n from pg_trigger where tgrelid = 'item_high'::regclass and not tgisinternal");
    return rows[0].n >= 4;
  }, { limit: 150_000, what: 'the partition has its triggers' });
  const stream = await openStream(`${relay.url}/item/15`);
  await stream.next();
  await cluster.sql('update item_high set n = 2 where id = 15');
  assert.deepEqual(JSON.parse((await stream.next()).data), { id: 15, n: 2 });
  stream.close();
});
