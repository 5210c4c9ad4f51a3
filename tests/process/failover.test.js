// A primary and its streaming standby: which of the two a relay may be given, and what happens when
// the primary is gone and the standby takes its place.

import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { startCluster, startStandby } from '../lib/cluster.js';
import { startRelay } from '../lib/relay.js';
import { get, openStream } from '../lib/sse.js';
import { until } from '../lib/until.js';

let primary;
let standby;
const relays = [];
const streams = [];

const set = (cluster, id, n) => cluster.sql('update item set n = $2 where id = $1', [id, n]);
const status = async (relay, path) => (await get(`${relay.admin}${path}`)).status;

async function relayAt(database, options = {}) {
  const relay = await startRelay({ database, ...options });
  relays.push(relay);
  return relay;
}

async function open(relay, path) {
  const stream = await openStream(relay.url + path);
  streams.push(stream);
  return stream;
}

// What the primary has committed so far is on the standby.
function replayed() {
  return until(async () => {
    const lsn = await primary.value('select pg_current_wal_lsn()');
    return standby.value('select pg_last_wal_replay_lsn() >= $1::pg_lsn', [lsn]);
  }, { what: 'the standby has replayed everything' });
}

before(async () => {
  primary = await startCluster();
  await primary.sql(`
    create table item(id integer primary key, n integer not null);
    insert into item values (1, 1), (2, 1);
    grant select on item to relay;
    create function item_document(_id integer) returns json language sql stable as $$ select to_json(i) from item i where id = _id $$;
    select crier.live('/item/{id}', 'item_document(integer)', reread => '1 day');
    select crier.watch('item', '/item/{id}');`);
  standby = await startStandby(primary);
});

after(async () => {
  for (const stream of streams) stream.close();
  try {
    for (const relay of relays) assert.equal((await relay.stop()).code, 0);
  } finally {
    await standby?.stop();
    await primary?.stop();
  }
});

test('F47: reads from a standby are late: the relay says so, and is not ready', async () => {
  const relay = await relayAt(`${standby.url({ user: 'relay' })}&target_session_attrs=any`, { args: ['--listen-database', primary.url({ user: 'relay' })], wait: false });
  await relay.hears(/reads go to a standby.*--database must be the primary/);
  assert.equal(await status(relay, '/readyz'), 503);
  assert.equal(await status(relay, '/healthz'), 200);
});

test('F10, F09: a relay at a standby says why it cannot listen; at both servers it follows the primary', async () => {
  const both = `postgresql:///test?host=${primary.directory},${standby.directory}&port=${primary.port},${standby.port}&user=relay`;
  const relay = await relayAt(both);
  const insisting = await relayAt(`${standby.url({ user: 'relay' })}&target_session_attrs=any`, { wait: false });
  await insisting.hears(/cannot execute LISTEN during recovery/);
  const waiting = await relayAt(standby.url({ user: 'relay' }), { wait: false });
  await waiting.hears(/not listening: .*session is read-only/);
  assert.equal(await status(waiting, '/readyz'), 503);

  const changed = await open(relay, '/item/1');
  const unchanged = await open(relay, '/item/2');
  await changed.next();
  const { id } = await unchanged.next();
  await set(primary, 1, 2);
  assert.equal((await changed.untilDocument((d) => d.n === 2)).n, 2);
  await replayed();

  await primary.shutdown('immediate');
  await Promise.all([changed, unchanged].map((stream) => stream.comment('database away')));
  await standby.promote();
  await changed.comment('database back');
  await set(standby, 1, 3);
  await changed.untilDocument((d) => d.n === 3);
  await until(() => standby.value(`select count(*) > 0 from pg_stat_activity where application_name = 'pgcrier listener' and query like 'listen%'`));
  assert.equal(unchanged.events.length, 1, 'what did not change is not sent again: ids are hashes');
  assert.equal(unchanged.last.id, id);
  assert.equal(changed.over, undefined);

  await waiting.ready(); // who waited at the standby serves it now
  const stream = await open(waiting, '/item/1');
  await stream.untilDocument((d) => d.n === 3);
  await set(standby, 1, 4);
  await Promise.all([stream, changed].map((s) => s.untilDocument((d) => d.n === 4)));
});
