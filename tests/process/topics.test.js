// topics.test.js -- what comes while a document is being read: its route changes, or it is made.

import { deepStrictEqual, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { startApp } from '../lib/app.js';
import { PASS, gateOf } from '../lib/gate.js';
import { until } from '../lib/until.js';

const app = await startApp({
  relay: { args: ['--pool', '3', '--threads', '1'] }, // one thread knows a route a little before another
  sql: `create function app.slow_note(_id integer) returns json language plpgsql volatile as $$ begin
      perform ${PASS};
      return (select to_json(n.body) from app.notes n where n.id = _id); end $$;
    grant execute on function app.slow_note to relay`,
});
const gate = gateOf(app.cluster);
const isRead = async () => (await app.cluster.backends(`application_name = 'pgcrier' and state = 'active' and query like '%crier.read(%'`)).length > 0;

test('what is announced while the document is read anew is heard', async () => {
  const declare = (path, ms) => app.sql(`select crier.live('${path}/{id}', 'app.slow_note(integer)', topic => 'app.thread_of(integer)',
    min_interval => '${ms} ms', reread => '1 hour')`);
  await declare('/api/slow', 10);
  const stream = await app.opened('/api/slow/3');
  await stream.next();
  await app.quietReads();
  for (const change of [() => declare('/api/slow', 20), async () => { // another route is no matter, but for who asks then
    await declare('/api/elsewhere', 10);
    await until(async () => (await app.get('/api/elsewhere/x')).status === 400, { what: 'the new route is known' });
    app.get('/api/slow/3').catch(() => {});
  }]) {
    await gate.shut();
    await change();
    await until(isRead, { what: 'the document is being read' });
    await app.sql(`select crier.announce('thread/1', 'said', '1')`);
    await app.heard();
    await gate.open();
    strictEqual((await stream.next()).type, 'said');
    await app.quietReads();
  }
  stream.close();
});

test('F14: a document that is made while it is being looked for is there for who comes behind', async () => {
  await app.sql(`select crier.live('/api/made/{id}', 'app.slow_note(integer)', reread => '1 hour');
    select crier.watch('app.notes', '/api/made/{id}')`);
  await until(async () => (await app.get('/api/made/50')).status === 404 && (await app.get('/api/made/3')).status === 200,
    { what: 'the new route is known' });
  await gate.shut();
  const early = app.stream('/api/made/50');
  await until(isRead, { what: 'the document is looked for' });
  await app.sql(`insert into app.notes values (50, 0, 'made')`);
  const late = app.stream('/api/made/50');
  await until(async () => await app.metric('pgcrier_subscribers') === 2, { what: 'both wait' });
  await app.heard();
  await gate.open();
  for (const stream of await Promise.all([late, early])) {
    strictEqual(stream.status, 200);
    strictEqual((await stream.next()).data, '"made"');
    stream.close();
  }
});

// A proxy waits for a minute, and then has an answer of its own, for which a browser gives up for ever.
test('F14: a stream whose document takes long begins within a heartbeat, and ends when there is none', async () => {
  const relay = await app.startRelay({ args: ['--heartbeat', '300ms'] });
  await gate.shut();
  const [there, not] = await Promise.all(['/api/made/3', '/api/made/51'].map((path) => app.stream(relay.url + path)));
  deepStrictEqual([there.status, not.status], [200, 200]);
  await gate.open();
  strictEqual((await there.next()).data, '"three"');
  strictEqual((await not.next()).type, 'gone');
  deepStrictEqual(await not.ended, { how: 'end' });
  there.close();
  await relay.stop();
});
