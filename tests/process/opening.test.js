// opening.test.js -- a stream that opens at a bad moment: its browser must not give up.
//
// An EventSource takes any status but 200 for the last word. So whatever will pass (a cancelled read,
// a database without an answer) must not become the answer to a stream that is opening.

import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { startCluster } from '../lib/cluster.js';
import { startRelay } from '../lib/relay.js';
import { PASS, gateOf } from '../lib/gate.js';
import { openStream } from '../lib/sse.js';
import { until } from '../lib/until.js';

let cluster;
let gate;
let relay;

before(async () => {
  cluster = await startCluster();
  await cluster.sql(`
    create function slowly(n integer) returns boolean language sql volatile as $$ select ${PASS} is not null $$;
    create domain slow_integer as integer check (slowly(value));
    create function slow_read(_id integer) returns json language sql volatile
      as $$ select json_build_object('id', _id) where slowly(_id) $$;
    create function slow_argument(_id slow_integer) returns json language sql stable
      as $$ select json_build_object('id', _id) $$;
    select crier.live('/read/{id}', 'slow_read(integer)');
    select crier.live('/argument/{id}', 'slow_argument(slow_integer)');`);
  gate = gateOf(cluster);
  relay = await startRelay({ database: cluster.url({ user: 'relay' }), args: ['--pool', '2'] });
});

after(async () => {
  try { await relay?.stop(); } finally { await cluster?.stop(); }
});

// Cancels what the relay's pool is doing on behalf of this function; true when there was something.
async function cancel(what) {
  const rows = await cluster.sql(`select pg_cancel_backend(pid) from pg_stat_activity
    where application_name = 'pgcrier' and state = 'active' and query like $1`, [`%${what}(%`]);
  return rows.length > 0;
}

async function cancelledWhileOpening(path, what) {
  await gate.shut();
  const opening = openStream(relay.url + path);
  await until(() => cancel(what), { what: `${what} is cancelled` });
  await gate.open();
  const stream = await opening;
  assert.equal(stream.status, 200, 'who opens a stream is not sent away');
  assert.deepEqual(JSON.parse((await stream.next()).data), { id: 7 });
  stream.close();
}

test('a stream opens although the first read of its document was cancelled', () => cancelledWhileOpening('/read/7', 'crier.read'));

test('a stream opens although the database could not say which document it means', () => cancelledWhileOpening('/argument/7', 'crier.resolve'));
