// topics.test.js -- a document whose topic a function tells, while its route changes.

import { strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { startApp } from '../lib/app.js';
import { PASS, gateOf } from '../lib/gate.js';
import { until } from '../lib/until.js';

const app = await startApp({
  relay: { args: ['--pool', '3', '--threads', '1'] }, // one thread knows a route a little before another
  sql: `create function app.slow_note(_id integer) returns json language sql volatile as $$
      select to_json(n.body) from app.notes n, ${PASS} where n.id = _id $$;
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
