// What a listening session hears: every way to change a row, and what must not be heard.
//
// The schema belongs to a plain role that owns its database and nothing else. Each case writes, then
// sends a notification on another channel; because notifications arrive in the order of commits, all
// that the case caused has been heard when that one arrives. Nothing waits for a time.

import { after, test } from 'node:test';
import { deepStrictEqual, rejects, strictEqual } from 'node:assert/strict';
import { ROOT, startCluster } from '../lib/cluster.js';
import { until } from '../lib/until.js';

const cluster = await startCluster({ install: false });
after(() => cluster.stop());
await cluster.sql('create role owner login; create role writer login; create role ear login', [], { database: 'postgres' });
await cluster.sql('create database notify owner owner', [], { database: 'postgres' });
cluster.psql(['-f', `${ROOT}/db/install.sql`], { database: 'notify', user: 'owner' });

const owner = await cluster.connect({ user: 'owner', database: 'notify' });
const writer = await cluster.connect({ user: 'writer', database: 'notify' });
const ear = await cluster.connect({ user: 'ear', database: 'notify' });

let payloads = [];
const fences = new Map();
ear.on('notification', ({ channel, payload }) => {
  if (channel === 'crier') payloads.push(payload);
  else fences.get(payload)();
});
await ear.query('listen crier; listen fence');

// What the listener hears of one thing done, sorted.
let fence = 0;
async function heard(action, session = writer) {
  payloads = [];
  if (typeof action === 'string') await session.query(action);
  else await action(session);
  const name = String(++fence);
  await new Promise((resolve, reject) => {
    fences.set(name, resolve);
    session.query(`select pg_notify('fence', '${name}')`).catch(reject);
  });
  return payloads.sort();
}
const topics = (...names) => names.map((name) => `{"topic":"${name}"}`).sort();
const template = (name) => [`{"template":"${name}"}`];
const range = (n) => Array.from({ length: n }, (_, i) => i + 1);

await owner.query(`
  create schema app;
  create table app.notes (id integer primary key, thread integer, body text);
  create table app.replies (id integer primary key, note integer references app.notes on delete cascade on update cascade, text text);
  create table app.marks (id integer primary key, note integer references app.notes on delete set null);
  create table app.log (id integer, at_ timestamptz, thread integer) partition by range (id);
  create table app.log_1 partition of app.log for values from (0) to (1000);
  create table app.log_2 partition of app.log for values from (1000) to (2000);
  grant usage on schema app to writer;
  grant all on all tables in schema app to writer;
  select crier.watch('app.notes', 'thread/{thread}');
  select crier.watch('app.replies', '/notes/{note}');
  select crier.watch('app.marks', '/marks/{note}');
  select crier.watch('app.log', 'log/{thread}');
`);
const reset = () => owner.query(`
  set crier.off = 'on';
  truncate app.notes, app.replies, app.marks, app.log;
  insert into app.notes select n, n, '' from generate_series(1, 10) n;
  insert into app.replies select n, 1 + n % 10, '' from generate_series(1, 20) n;
  insert into app.marks select n, n from generate_series(1, 10) n;
  reset crier.off;`);

const cases = [
  ['insert', `insert into app.notes values (11, 5, '')`, topics('thread/5')],
  ['insert of several rows', `insert into app.notes values (11, 5, ''), (12, 5, ''), (13, 6, '')`, topics('thread/5', 'thread/6')],
  ['insert of a row without a topic', `insert into app.notes values (11, null, '')`, []],
  ['insert … select of no rows', 'insert into app.notes select 11, 1 where false', []],
  ['update', `update app.notes set body = 'x' where id = 3`, topics('thread/3')],
  ['update that changes nothing', 'update app.notes set body = body where id = 3', topics('thread/3')],
  ['update of no rows', `update app.notes set body = 'x' where id = 99`, []],
  ['F36: move', 'update app.notes set thread = 20 where id = 3', topics('thread/20', 'thread/3')],
  ['move away from every topic', 'update app.notes set thread = null where id = 3', topics('thread/3')],
  ['delete', 'delete from app.notes where id in (1, 2)', topics('/marks/1', '/marks/2', '/notes/1', '/notes/2', 'thread/1', 'thread/2')],
  ['F42: upsert that inserts', `insert into app.notes values (11, 5, '') on conflict (id) do update set body = excluded.body`, topics('thread/5')],
  ['F42: upsert that updates', `insert into app.notes values (3, 5, 'x') on conflict (id) do update set thread = excluded.thread`, topics('thread/3', 'thread/5')],
  ['F42: upsert that does nothing', `insert into app.notes values (3, 5, 'x') on conflict do nothing`, []],
  ['F42: merge', `merge into app.notes n using (values (1, 30), (2, 0), (50, 31)) as s(id, thread) on n.id = s.id
      when matched and s.thread = 0 then delete
      when matched then update set thread = s.thread
      when not matched then insert values (s.id, s.thread, '')`,
  topics('/marks/2', '/notes/2', 'thread/1', 'thread/2', 'thread/30', 'thread/31')],
  ['F42: a data-modifying with', `with gone as (delete from app.replies where note = 4 returning note) insert into app.replies values (99, 5, '')`, topics('/notes/4', '/notes/5')],
  ['truncate', 'truncate app.replies', template('/notes/{note}')],
  ['F35: truncate cascade', 'truncate app.notes cascade', [...template('/marks/{note}'), ...template('/notes/{note}'), ...template('thread/{thread}')].sort()],
  ['insert through a partitioned table', 'insert into app.log values (1, now(), 1), (1001, now(), 2)', topics('log/1', 'log/2')],
  ['insert straight into a partition', 'insert into app.log_1 values (1, now(), 3)', topics('log/3')],
  ['truncate of a partitioned table', 'truncate app.log', template('log/{thread}')],
  ['truncate of a partition', 'truncate app.log_2', template('log/{thread}')],
  ['crier.off for a transaction', `begin; set local crier.off = 'on'; update app.notes set body = 'x'; commit`, []],
  ['what follows that transaction', `update app.notes set body = 'x' where id = 1`, topics('thread/1')],
  ['F30: rollback', `begin; update app.notes set body = 'x'; rollback`, []],
  ['F31: a savepoint rolled back', `begin; update app.notes set body = 'x' where id = 1; savepoint s; update app.notes set body = 'x' where id = 2;
      rollback to s; update app.notes set body = 'x' where id = 3; commit`, topics('thread/1', 'thread/3')],
  ['a savepoint released', `begin; savepoint s; update app.notes set body = 'x' where id = 1; release s; commit`, topics('thread/1')],
  ['F32: an exception block', `do $$ begin update app.notes set body = 'x' where id = 1;
      begin update app.notes set body = 'x' where id = 2; perform 1 / 0; exception when others then null; end;
      begin update app.notes set body = 'x' where id = 3; exception when others then null; end; end $$`, topics('thread/1', 'thread/3')],
  ['a topic many times in a transaction', `begin; update app.notes set body = 'x' where id = 1; savepoint s; update app.notes set body = 'y' where id = 1;
      release s; delete from app.notes where id = 1; insert into app.notes values (1, 1, ''); commit`, topics('/marks/1', '/notes/1', 'thread/1')],
];
for (const [what, statement, wanted] of cases) {
  test(`${what}: heard as it should be`, async () => {
    await reset();
    deepStrictEqual(await heard(statement), wanted);
  });
}

test('a key that changes, with the rows that refer to it: old and new topics', async () => {
  await reset();
  await heard('delete from app.marks');
  deepStrictEqual(await heard('update app.notes set id = 100 where id = 7'), topics('/notes/100', '/notes/7', 'thread/7'));
});

test('a row that moves to another partition: old and new topics', async () => {
  await reset();
  await heard('insert into app.log values (1, now(), 1)');
  deepStrictEqual(await heard('update app.log set id = 1001, thread = 2'), topics('log/1', 'log/2'));
});

test('a failed statement and a failed transaction are not heard', async () => {
  await reset();
  deepStrictEqual(await heard(async (w) => {
    await rejects(w.query(`insert into app.notes values (11, 1, ''), (1, 1, '')`), { code: '23505' });
    await w.query('begin');
    await w.query(`update app.notes set body = 'x'`);
    await rejects(w.query('select 1 / 0'), { code: '22012' });
    await w.query('commit');
  }), []);
});

test('F33: COPY of 100,000 rows of two topics: two notifications', async () => {
  await reset();
  const rows = range(100_000).map((n) => `${n + 100}\t${n % 2}\tx\n`).join('');
  deepStrictEqual(await heard(() => {
    cluster.psql(['-c', 'copy app.notes from stdin'], { database: 'notify', user: 'writer', input: rows });
  }), topics('thread/0', 'thread/1'));
});

test('a hundred thousand rows updated and deleted: one notification per topic', async () => {
  deepStrictEqual(await heard(`update app.notes set thread = 0 where id > 100`), topics('thread/0', 'thread/1'));
  deepStrictEqual(await heard(`delete from app.notes where id > 100`), topics('thread/0'));
});

for (const level of ['read committed', 'repeatable read', 'serializable']) {
  test(`${level}: heard`, async () => {
    await reset();
    deepStrictEqual(await heard(`begin isolation level ${level}; update app.notes set thread = 40 where id = 3; commit`), topics('thread/3', 'thread/40'));
  });
}

test('F34: 1,000 distinct topics are 1,000 notifications, 1,001 are one', async () => {
  await reset();
  deepStrictEqual(await heard('insert into app.notes select n + 100, n from generate_series(1, 1000) n'), topics(...range(1000).map((n) => `thread/${n}`)));
  deepStrictEqual(await heard('insert into app.notes select n + 2000, n from generate_series(1, 1001) n'), template('thread/{thread}'));
  deepStrictEqual(await heard(`update app.notes set body = 'x'`), template('thread/{thread}'));
});

test('F24: 999 and 1,000 octets are a topic, 1,001 are not, multi-byte text included', async () => {
  await owner.query(`create table app.names (name text); grant all on app.names to writer; select crier.watch('app.names', 'names/{name}')`);
  const encoded = (name) => encodeURIComponent(name).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
  for (const [name, told] of [
    ['x'.repeat(993), true], ['x'.repeat(994), true], ['x'.repeat(995), false],
    [`${'é'.repeat(165)}xxx`, true], [`${'é'.repeat(165)}xxxx`, true], [`${'é'.repeat(165)}xxxxx`, false],
    [`${'😀'.repeat(82)}///`, true], [`${'😀'.repeat(82)}///x`, true], [`${'😀'.repeat(82)}///xx`, false],
    ['€'.repeat(7000), false], ['x'.repeat(7999), false], ['x'.repeat(8000), false], ['x'.repeat(8001), false], ['é'.repeat(4000), false],
  ]) {
    const topic = `names/${encoded(name)}`;
    strictEqual(topic.length <= 1000, told, `${topic.length} octets`);
    deepStrictEqual(await heard((w) => w.query('insert into app.names values ($1)', [name])), told ? topics(topic) : template('names/{name}'));
  }
  deepStrictEqual(await heard((w) => w.query('delete from app.names where octet_length(name) < 1000')), template('names/{name}'), 'one long topic among others');
});

test('F26: every octet that a value may have arrives as it was sent', async () => {
  await owner.query(`set crier.off = 'on'; truncate app.names; reset crier.off`);
  const name = `${range(127).map((n) => String.fromCharCode(n)).join('')}\u00a0\u2028\ud83d\ude00`;
  const [payload] = await heard((w) => w.query('insert into app.names values ($1)', [name]));
  strictEqual(decodeURIComponent(JSON.parse(payload).topic.slice('names/'.length)), name);
});

test('F43: PREPARE TRANSACTION fails as PostgreSQL says, and crier.off with crier.touch is the way out', async () => {
  await reset();
  deepStrictEqual(await heard(async (w) => {
    await w.query(`begin; update app.notes set body = 'x' where id = 1`);
    await rejects(w.query(`prepare transaction 'p1'`), { code: '0A000' });
  }), []);
  deepStrictEqual(await heard(async (w) => {
    await w.query(`begin; set local crier.off = 'on'; update app.notes set body = 'x' where id = 1; prepare transaction 'p2'`);
  }), []);
  deepStrictEqual(await heard(async (o) => {
    await o.query(`commit prepared 'p2'`);
    await o.query(`select crier.touch('thread/1')`);
  }, await cluster.connect({ database: 'notify' })), topics('thread/1'));
});

test('F40: session_replication_role = replica and disabled triggers are not heard', async () => {
  await reset();
  const superuser = await cluster.connect({ database: 'notify' });
  deepStrictEqual(await heard(`set session_replication_role = replica; update app.notes set body = 'x'; reset session_replication_role`, superuser), []);
  deepStrictEqual(await heard(`alter table app.notes disable trigger user; update app.notes set body = 'y'; alter table app.notes enable trigger user`, superuser), []);
  deepStrictEqual(await heard(`update app.notes set body = 'y' where id = 1`, superuser), topics('thread/1'));
});

test('refresh_watches by several relays at once, while a writer holds one of the tables', async () => {
  await owner.query(`
    grant usage on schema app to relay;
    create table app.days (id integer, thread integer) partition by list (id);
    select crier.watch('app.days', 'days/{thread}');
    create table app.day_1 partition of app.days for values in (1);
    create table app.day_2 partition of app.days for values in (2);
    grant all on app.days, app.day_1, app.day_2 to writer;
    create table app.nights (id integer) partition by list (id);
    select crier.watch('app.nights', 'nights/{id}');
    create table app.night_1 partition of app.nights for values in (1);`);
  const missing = async () => (await owner.query(`select detail from crier.check() where not ok and step = 'triggers'`)).rows.map((row) => row.detail);
  strictEqual((await missing()).length, 3);
  await cluster.sql(`select crier.grant_relay('relay')`, [], { database: 'notify' });
  const relays = await Promise.all(range(4).map(() => cluster.connect({ user: 'relay', database: 'notify' })));
  const refresh = () => Promise.all(relays.map((relay) => relay.query('select crier.refresh_watches()')));
  await writer.query('begin; insert into app.day_1 values (1, 1)');
  await until(async () => { await refresh(); return (await missing()).length <= 2; }, { what: 'the others have their triggers' });
  deepStrictEqual((await missing()).map((detail) => detail.split(' on ')[1]).sort(), ['app.day_1', 'app.day_2'], 'the busy table waits');
  await writer.query('commit');
  await until(async () => { await refresh(); return (await missing()).length === 0; }, { what: 'all have their triggers' });
  deepStrictEqual(await missing(), []);
  deepStrictEqual(await heard('insert into app.day_1 values (1, 5); insert into app.day_2 values (2, 6)'), topics('days/5', 'days/6'));
});

test('the routes: one notification per transaction that changes them', async () => {
  await owner.query(`create function app.note(_id integer) returns json language sql stable as $$ select to_json(n) from app.notes n where id = _id $$`);
  const routes = ['{"routes":true}'];
  deepStrictEqual(await heard(`select crier.live('/notes/{id}', 'app.note')`, owner), routes, 'declared');
  deepStrictEqual(await heard(`select crier.live('/notes/{id}', 'app.note', event => 'note'), crier.live('/n/{id}', 'app.note')`, owner), routes, 'twice at once');
  deepStrictEqual(await heard(`select crier.unroute('/n/{id}')`, owner), routes, 'ended');
  deepStrictEqual(await heard(async (o) => {
    await rejects(o.query(`select crier.live('/x/{id}', 'app.nosuch')`), { code: 'CR011' });
  }, owner), [], 'refused');
});

test('touch: the topic, without a query; whatever it is, it does not fail', async () => {
  await owner.query('grant usage on schema crier to writer');
  const touch = (topic) => heard((w) => w.query('select crier.touch($1)', [topic]));
  deepStrictEqual(await touch('/notes/1'), topics('/notes/1'));
  deepStrictEqual(await touch('/notes/1?limit=5'), topics('/notes/1'));
  deepStrictEqual(await touch('what?ever'), topics('what?ever'));
  deepStrictEqual(await touch('say "x\\y"\u2028\u0001'), ['{"topic":"say \\"x\\\\y\\"\u2028\\u0001"}']);
  deepStrictEqual(await touch(null), []);
  deepStrictEqual(await touch(''), topics(''));
  deepStrictEqual(await touch(`/${'x'.repeat(999)}`), topics(`/${'x'.repeat(999)}`));
  deepStrictEqual(await touch(`/notes/${'x'.repeat(994)}`), template('/notes/{3}'));
  deepStrictEqual(await touch(`notes/${'é'.repeat(5000)}/x y/z`), template('notes/{2}/{3}/z'));
  for (const topic of ['/'.repeat(9000), 'a/'.repeat(9000), '"'.repeat(9000), '\u0001'.repeat(1000)]) {
    strictEqual((await touch(topic)).length, 1, `${topic.slice(0, 5)}…`);
  }
});

test('explain and check, as a plain owner', async () => {
  const { rows } = await owner.query(`select * from crier.explain('/notes/1') where not ok`);
  deepStrictEqual(rows.map((row) => row.step), ['relay']);
  await owner.query('select * from crier.check()');
});
