// What may befall writers, and what readers see of it: nobody sees the other, the disk is full, the
// connection is lost before the answer, a queue that must never be held up by the relay.

import { after, test } from 'node:test';
import { deepStrictEqual, match, ok, rejects, strictEqual, throws } from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { appendFileSync, chmodSync, chownSync, mkdtempSync, rmSync } from 'node:fs';
import { startApp } from '../lib/app.js';
import { userIds } from '../lib/process.js';
import { until } from '../lib/until.js';

const app = await startApp({
  sql: `
    create table app.entries (id serial, note text);
    create function app.enter(_note text) returns void language plpgsql as $$
      begin insert into app.entries (note) values (_note); perform pg_sleep(60); end $$;
    create function app.entered(_note text) returns json language sql stable as $$
      select to_json(count(*)) from app.entries where note = _note $$;
    select crier.action('POST', '/api/enter', 'app.enter(text)');
    grant select, insert on app.entries to relay;
    grant usage on all sequences in schema app to relay;`,
});
const { cluster } = app;
const LISTENER = `application_name = 'pgcrier listener'`;

for (const level of ['read committed', 'repeatable read', 'serializable']) {
  test(`F29: two inserts, neither of which sees the other, at ${level}: the document has both`, async () => {
    const thread = { 'read committed': 291, 'repeatable read': 292, serializable: 293 }[level];
    const stream = await app.stream(`/api/threads/${thread}1`); // its topic is the thread's
    const list = await app.stream(`/api/notes?thread=${thread}`);
    await list.next();
    const [one, other] = await Promise.all([cluster.connect(), cluster.connect()]);
    for (const client of [one, other]) await client.query(`begin isolation level ${level}; select 1`);
    await one.query(`insert into app.notes values (${thread}1, ${thread}, 'one')`);
    await other.query(`insert into app.notes values (${thread}2, ${thread}, 'other')`);
    await Promise.all([one.query('commit'), other.query('commit')]);
    await list.untilDocument((d) => d.count === 2);
    deepStrictEqual(list.document.notes.map(([, body]) => body), ['one', 'other']);
    await Promise.all([one.end(), other.end()]);
    stream.close();
    list.close();
  });
}

test('F05: a write whose connection is lost is not done again: 503, and the client is told to look', async () => {
  const answer = app.get('/api/enter', { method: 'POST', body: '{"note":"lost"}', headers: { 'content-type': 'application/json' } });
  const working = `application_name = 'pgcrier' and state = 'active' and wait_event = 'PgSleep'`;
  const { pid } = await until(async () => (await cluster.backends(working))[0]);
  process.kill(pid, 'SIGKILL'); // no goodbye that would say that it was rolled back
  const { status, text } = await answer;
  strictEqual(status, 503);
  match(text, /outcome is unknown/);
  await until(() => cluster.ready());
  await until(async () => (await app.get('/api/notes/1')).status === 200);
  strictEqual((await cluster.backends(working)).length, 0, 'nobody does it again');
  strictEqual(await cluster.value('select count(*)::int from app.entries'), 0);
});

test('F05: one that the server took back is 503, too, and done only once', async () => {
  const answer = app.get('/api/enter', { method: 'POST', body: '{"note":"ended"}', headers: { 'content-type': 'application/json' } });
  const working = `application_name = 'pgcrier' and state = 'active' and wait_event = 'PgSleep'`;
  const { pid } = await until(async () => (await cluster.backends(working))[0]);
  await app.sql('select pg_terminate_backend($1)', [pid]);
  strictEqual((await answer).status, 503);
  strictEqual((await cluster.backends(working)).length, 0);
});

// The queue has 8 GB here, and PostgreSQL 15 has no setting for that: it cannot be filled in a test. What
// would fill it is a listener in a transaction.
test('F17: the listener is never in a transaction, and the queue drains whatever is notified', async () => {
  await until(async () => await app.metric('pgcrier_listening') === 1);
  const states = new Set();
  let writing = true;
  const watch = (async () => {
    while (writing) {
      for (const { state } of await cluster.backends(LISTENER)) states.add(state);
    }
  })();
  for (let i = 0; i < 20; i += 1) {
    await app.sql(`select pg_notify('crier', json_build_object('topic', 'nothing/' || n, 'filler', repeat('x', 7000))::text) from generate_series(1, 200) n`);
  }
  await until(async () => await cluster.value('select pg_notification_queue_usage()') === 0, { what: 'the queue is empty' });
  writing = false;
  await watch;
  ok(states.has('idle') && !states.has('idle in transaction'), [...states].join(', '));
});

// A report goes out when there is something to report; otherwise every 20 s.
const reported = (condition, what) => until(async () => {
  await app.sql(`update app.notes set body = body || '.' where id = 1`);
  return condition();
}, { what });

test('F17: a listener that stays in a transaction shows in the metric of the queue, and so does its end', async () => {
  const stream = await app.stream('/api/notes/1');
  const ratio = () => app.metric('pgcrier_notification_queue_ratio');
  const client = await cluster.connect();
  await client.query('listen f17');
  await client.query('begin');
  await app.sql(`select pg_notify('crier', json_build_object('topic', 'nothing/' || n, 'filler', repeat('x', 7000))::text) from generate_series(1, 200) n`);
  await reported(async () => await ratio() > 0, 'the queue is not empty');
  ok(await ratio() < 0.01);
  await client.end();
  await reported(async () => await ratio() === 0, 'the queue is empty');
  strictEqual(app.relay.said(/notification queue/), false);
  stream.close();
});

// A tenth of 8 GB is too much for a test, so PostgreSQL's function says it.
test('F17: when a tenth of the queue is full, the log says so, once, and what to look for', async () => {
  const stream = await app.stream('/api/notes/1');
  const said = () => app.relay.lines.filter((line) => /^pgcrier: warning: .*queue is 12 % full.*pg_stat_activity/.test(line)).length;
  await app.sql(`alter function pg_catalog.pg_notification_queue_usage() rename to pg_notification_queue_was`);
  await app.sql(`create function pg_catalog.pg_notification_queue_usage() returns float8 language sql as 'select 0.12::float8'`);
  await reported(said, 'a warning');
  strictEqual(await app.metric('pgcrier_notification_queue_ratio'), 0.12);
  await app.sql(`drop function pg_catalog.pg_notification_queue_usage()`);
  await app.sql(`alter function pg_catalog.pg_notification_queue_was() rename to pg_notification_queue_usage`);
  await reported(async () => await app.metric('pgcrier_notification_queue_ratio') === 0, 'it is over');
  strictEqual(said(), 1);
  stream.close();
});

// A tablespace on a small disk of its own.
function smallDisk() {
  const directory = mkdtempSync('/tmp/pgcrier-disk-');
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'none', directory], { stdio: 'ignore' });
  } catch {
    rmSync(directory, { recursive: true });
    return undefined;
  }
  const { uid, gid } = userIds('postgres');
  chownSync(directory, uid, gid);
  chmodSync(directory, 0o700);
  return directory;
}
const disk = process.getuid() === 0 ? smallDisk() : undefined;
after(() => {
  if (!disk) return;
  execFileSync('umount', ['-l', disk]);
  rmSync(disk, { recursive: true });
});

test('F44: the disk is full: the writer is told, nobody else; with room again the stream goes on', { skip: !disk && 'no small disk can be mounted' }, async () => {
  await app.sql(`create tablespace small location '${disk}'`);
  await app.sql(`create table app.full (id integer, filler text) tablespace small;
    create function app.full() returns json language sql stable as $$ select to_json(count(*)) from app.full $$;
    select crier.live('/api/full', 'app.full()', reread => '1 day');
    select crier.watch('app.full', '/api/full');
    grant select on app.full to relay; grant execute on function app.full() to relay`);
  const stream = await app.opened('/api/full');
  await stream.next();
  const filler = `${disk}/filler`;
  throws(() => { for (;;) appendFileSync(filler, Buffer.alloc(1024)); }, { code: 'ENOSPC' });
  await rejects(app.sql(`insert into app.full values (0, 'x')`), { code: '53100' });
  strictEqual((await app.get('/api/full')).text, '0');
  rmSync(filler);
  await app.sql(`insert into app.full values (1, 'x')`);
  await stream.untilDocument((d) => d === 1);
  strictEqual(stream.events.length, 2, 'what failed was not pushed');
  strictEqual(stream.over, undefined);
  stream.close();
  await app.sql('drop table app.full cascade');
});

test('F46: the role may not log in any more: what is connected goes on; what must reconnect says so and waits', async () => {
  const stream = await app.stream('/api/notes/1');
  await stream.next();
  await app.sql('alter role relay nologin');
  await app.sql(`update app.notes set body = 'still connected' where id = 1`);
  await stream.untilDocument((d) => d.body === 'still connected');
  await app.sql(`select pg_terminate_backend(pid) from pg_stat_activity where usename = 'relay'`);
  await stream.comment('database away');
  await app.relay.hears(/not permitted to log in/);
  await until(async () => (await fetch(`${app.relay.admin}/readyz`)).status === 503);
  const { status, headers } = await app.get('/api/notes/1');
  strictEqual(status, 503);
  ok(headers['retry-after']);
  await app.sql('alter role relay login');
  await app.sql(`update app.notes set body = 'let in' where id = 1`);
  await stream.untilDocument((d) => d.body === 'let in');
  strictEqual(stream.over, undefined);
  await until(async () => (await fetch(`${app.relay.admin}/readyz`)).status === 200);
  stream.close();
});
