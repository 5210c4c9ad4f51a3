// partitions.test.js -- F41: a partition attached after its watch is covered by the relay itself; a watch that
// is given up meanwhile is not made again.

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

test('a watch that is given up while partitions of others get their triggers is not made again', async () => {
  await cluster.createDatabase('given_up'); // where no relay is
  const [one, two, gate] = await Promise.all([1, 2, 3].map(() => cluster.connect({ database: 'given_up' })));
  await one.query(`
    create table item(id integer) partition by range (id);
    create table note(id integer);
    select crier.watch('item', '/item/{id}'), crier.watch('note', '/note/{id}');
    create table item_low partition of item for values from (0) to (10);
    create function hold() returns event_trigger language plpgsql as $$
    begin
      while current_setting('test.hold', true) = 'on' and exists (select from pg_locks where locktype = 'advisory' and objid = 42) loop
        perform pg_sleep(0.01); -- no lock is waited for, which refresh_watches would not do for long
      end loop;
    end $$;
    create event trigger hold on ddl_command_end when tag in ('CREATE TRIGGER') execute function hold()`);
  await two.query(`set test.hold = 'on'; select setseed(-0.5)`); // its order is random: item first
  assert.equal((await two.query('select random() < random() as first')).rows[0].first, true);
  await two.query('select setseed(-0.5)');
  await gate.query('select pg_advisory_lock(42)');
  const refreshed = two.query('select crier.refresh_watches() as n');
  await until(async () => (await cluster.sql("select from pg_stat_activity where pid = $1 and wait_event = 'PgSleep'", [two.processID])).length > 0,
    { what: 'the partition is getting its triggers' });
  await one.query(`select crier.unwatch('note', '/note/{id}')`);
  await gate.query('select pg_advisory_unlock(42)');
  assert.equal((await refreshed).rows[0].n, 4);
  assert.deepEqual((await one.query("select tgname from pg_trigger where tgrelid = 'note'::regclass")).rows, []);
  assert.equal((await one.query("select count(*)::int as n from pg_proc where proname ~ '^watch_[0-9]+$'")).rows[0].n, 1);
});

test('nor when routes change meanwhile', async () => {
  await cluster.createDatabase('routes_changed');
  const [one, two, gate] = await Promise.all([1, 2, 3].map(() => cluster.connect({ database: 'routes_changed' })));
  await one.query(`
    create table note(id integer);
    create function note(_id integer) returns json language sql immutable as 'select null::json';
    select crier.watch('note', '/note/{id}')`);
  await gate.query(`select pg_advisory_lock(hashtext('crier.watch_function'))`);
  const declared = two.query(`select crier.live('/note/{id}', 'note(integer)', inline => true)`);
  await until(async () => (await cluster.sql("select from pg_stat_activity where pid = $1 and wait_event_type = 'Lock'", [two.processID])).length > 0,
    { what: 'the trigger functions are to be made again' });
  await one.query(`select crier.unwatch('note', '/note/{id}')`);
  await gate.query('select pg_advisory_unlock_all()');
  await declared;
  assert.deepEqual((await one.query("select from pg_proc where proname ~ '^watch_[0-9]+$'")).rows, []);
});

test('unwatching a table in use waits for it before its partitions, as writers do', async () => {
  await cluster.createDatabase('in_use');
  const [one, two] = await Promise.all([1, 2].map(() => cluster.connect({ database: 'in_use' })));
  await one.query(`
    create table item(id integer) partition by range (id);
    create table item_low partition of item for values from (0) to (10);
    create table item_high partition of item for values from (10) to (20);
    select crier.watch('item', '/item/{id}')`);
  await two.query('begin; lock table only item in row exclusive mode');
  const unwatched = one.query(`select crier.unwatch('item', '/item/{id}')`);
  const written = until(async () => (await cluster.sql("select from pg_stat_activity where pid = $1 and wait_event_type = 'Lock'", [one.processID])).length > 0,
    { what: 'unwatch waits' }).then(() => two.query('insert into item values (1), (11); commit'));
  await Promise.all([unwatched, written]);
  assert.deepEqual((await one.query("select from pg_trigger where tgrelid in (select relid from pg_partition_tree('item'))")).rows, []);
});
