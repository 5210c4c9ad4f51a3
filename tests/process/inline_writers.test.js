// What a commit sends inline, and what by reference, seen by a session that listens; and that writers
// neither fail nor wait because of it. There is no relay: the test reports subscriptions as one would.

import { after, beforeEach, test } from 'node:test';
import { deepStrictEqual, ok, rejects, strictEqual } from 'node:assert/strict';
import { startCluster } from '../lib/cluster.js';
import { until, within } from '../lib/until.js';

const cluster = await startCluster({ settings: { deadlock_timeout: '10s' } });
after(() => cluster.stop());
await cluster.sql('create role writer login');
await cluster.letBuild();
const owner = await cluster.connect();
const writer = await cluster.connect({ user: 'writer' });
const other = await cluster.connect({ user: 'writer' });
const ear = await cluster.connect({ user: 'writer' });

let payloads = [];
const fences = new Map();
ear.on('notification', ({ channel, payload }) => {
  if (channel === 'crier') payloads.push(payload);
  else fences.get(payload)();
});
await ear.query('listen crier; listen fence');

let fence = 0;
async function heard() {
  const name = String(++fence);
  const there = new Promise((resolve) => { fences.set(name, resolve); });
  await owner.query(`select pg_notify('fence', '${name}')`);
  await there;
  return payloads.splice(0);
}
const inline = (all) => all.filter((payload) => payload.startsWith('{"signature":"')).map((payload) => JSON.parse(payload));
const reference = (topic) => JSON.stringify({ topic });

await owner.query(`
  create schema app;
  create table app.lines (id integer primary key, page integer not null, text text not null);
  create table app.side (page integer, n integer);
  create table app.behaviour (page integer primary key, way text not null);
  create function app.page(_page integer) returns json language plpgsql stable security definer set search_path = app, pg_temp as $$
    declare
      way text := (select b.way from behaviour b where b.page = _page);
    begin
      if way = 'raise' then raise exception 'no';
      elsif way = 'assert' then assert false;
      elsif way = 'cancel' then raise query_canceled;
      elsif way = 'slow' then perform pg_sleep(0.15);
      elsif way = 'wait' then perform pg_sleep(20);
      elsif way = 'null' then return null;
      elsif way = 'long' then return to_json(repeat('x', 7900));
      elsif way = 'octets' then return to_json(repeat('é', 3990));
      elsif way = 'side' then return to_json((select count(*) from side));
      elsif way = 'deep' then return app.page(_page);
      end if;
      return json_build_object('page', _page, 'lines', (select json_agg(text order by id) from lines l where l.page = _page));
    end $$;
  create function app.book(_page integer) returns text language sql immutable as $$ select 'book/' || _page / 10 $$;
  grant usage on schema app to writer;
  grant all on all tables in schema app to writer;
  alter table app.lines add book integer generated always as (page / 10) stored;
  select crier.live('/pages/{page}', 'app.page(integer)', inline => true);
  select crier.live('/leaves/{page}', 'app.page(integer)', topic => 'app.book(integer)', inline => true);
  select crier.watch('app.lines', '/pages/{page}');
  select crier.watch('app.lines', 'book/{book}');
`);
const report = (from, to) => owner.query(`
  select crier.relay_report('00000000-0000-0000-0000-000000000001', '{"name":"test","listening":true}', (
    select json_agg(json_build_object('key', replace(r.path, '{page}', n::text), 'route', r.id,
      'topic', case when r.topic is null then '/pages/' || n else app.book(n) end, 'subscribers', 1,
      'arguments', json_build_object('page', n::text), 'octets', 100, 'milliseconds', 1))
    from crier.routes r, generate_series(${from}, ${to}) n where n >= 90 or r.topic is null))`);
const behave = (page, way) => owner.query('insert into app.behaviour values ($1, $2) on conflict (page) do update set way = excluded.way', [page, way]);
let id = 0;
const line = (page, text = 'text') => `insert into app.lines (id, page, text) values (${++id}, ${page}, '${text}')`;
// A session's first commit compiles everything: not to be timed.
const warm = (session) => session.query(line(1));

beforeEach(async () => {
  await owner.query(`truncate app.lines, app.side, app.behaviour; delete from crier.relays`);
  await report(1, 99);
  await warm(writer);
  await warm(other);
  await heard();
});

test('one document, once, at the end, whatever was written before', async () => {
  await writer.query('begin');
  for (let n = 1; n <= 3; n++) await writer.query(line(2, `${n}`));
  await writer.query(`update app.lines set text = text || '!' where page = 2`);
  await writer.query('commit');
  const all = await heard();
  const [n, ...more] = inline(all);
  strictEqual(more.length, 0);
  strictEqual(n.topic, '/pages/2');
  strictEqual(n.key, '/pages/2');
  deepStrictEqual(n.others, []);
  deepStrictEqual(n.document, { page: 2, lines: ['1!', '2!', '3!'] });
  deepStrictEqual(all.filter((payload) => !payload.startsWith('{"signature":"')), [reference('book/0')]);
  deepStrictEqual(Object.keys(n), ['signature', 'topic', 'key', 'others', 'xid', 'snapshot', 'document']);
  strictEqual((await owner.query('select * from crier.pending')).rows.length, 0);
});

test('savepoints, RESET ALL and settings take nothing away and add nothing', async () => {
  await writer.query(`begin; savepoint a; ${line(3)}; rollback to a; ${line(4)}; savepoint b; ${line(4)}; ${line(5)}; rollback to b; reset all; set local timezone = 'Asia/Tokyo'; commit`);
  deepStrictEqual(inline(await heard()).map((n) => n.key), ['/pages/4']);
  await writer.query(`begin; ${line(3)}; rollback`);
  deepStrictEqual(await heard(), []);
});

test('SET CONSTRAINTS: immediate is by reference, deferred again is inline', async () => {
  await writer.query(`begin; set constraints all immediate; ${line(6)}; commit`);
  ok((await heard()).includes(reference('/pages/6')));
  await writer.query(`begin; ${line(6)}; set constraints all immediate; commit`);
  const all = await heard();
  ok(all.includes(reference('/pages/6')));
  strictEqual(inline(all).length, 0);
  await writer.query(`begin; ${line(6)}; set constraints all immediate; set constraints all deferred; ${line(6)}; commit`);
  strictEqual(inline(await heard()).length, 1);
});

test('after the writer\'s own deferred triggers; again when one of them writes even later', async (t) => {
  await owner.query(`
    create function app.later() returns trigger language plpgsql as $$ begin
      if new.text = 'first' then insert into app.lines values (-new.id, new.page, 'second');
      elsif new.text = 'second' then insert into app.lines values (-new.id + 1000000, new.page, 'third');
      elsif new.text = 'third' then insert into app.lines values (-new.id, new.page, 'fourth'); end if; return null; end $$;
    create constraint trigger a_later after insert on app.lines deferrable initially deferred for each row execute function app.later()`);
  t.after(() => owner.query('drop function app.later() cascade'));
  await writer.query(line(7, 'first'));
  const told = await heard();
  ok(!told.includes(reference('/pages/7')), 'nothing by reference');
  const all = inline(told).filter((n) => n.key === '/pages/7');
  deepStrictEqual(all.at(-1).document.lines.sort(), ['first', 'fourth', 'second', 'third']);
  strictEqual(all.length, 1, 'no state before it, which was never committed');
});

// The row of the transaction gets it when it stands behind the others already: the trigger once took what
// the row had before for all there is.
for (const [how, last] of [['', ''], [', and made immediate', 'set constraints all immediate;']]) {
  test(`a topic that the last of the deferred triggers is the first to change is told of${how}`, async (t) => {
    await owner.query(`
      create function app.elsewhere() returns trigger language plpgsql as $$ begin
        if new.text = 'first' then insert into app.lines values (-new.id, new.page, 'second');
        elsif new.text = 'second' then insert into app.lines values (-new.id + 1000000, new.page, 'third');
        elsif new.text = 'third' then insert into app.lines values (-new.id, new.page + 1, 'elsewhere'); ${last}
        elsif new.text = 'elsewhere' then insert into app.lines values (new.id + 2000000, new.page, 'later'); end if; return null; end $$;
      create constraint trigger a_elsewhere after insert on app.lines deferrable initially deferred for each row execute function app.elsewhere()`);
    t.after(() => owner.query('drop function app.elsewhere() cascade'));
    await writer.query(line(7, 'first'));
    const all = await heard();
    if (last) {
      for (const page of [7, 8]) ok(all.includes(reference(`/pages/${page}`)), `${page}: ${all}`);
    } else {
      const built = inline(all).filter((n) => n.topic.startsWith('/pages/')).map((n) => [n.key, n.document.lines.sort().join(' ')]);
      deepStrictEqual(built.sort(), [['/pages/7', 'first second third'], ['/pages/8', 'elsewhere later']]);
    }
  });
}

test('other isolation levels go by reference and touch none of our tables', async () => {
  for (const level of ['repeatable read', 'serializable']) {
    await writer.query(`begin isolation level ${level}; ${line(8)}`);
    const { rows } = await owner.query(`select relation::regclass::text as name from pg_locks where pid = $1 and relation is not null`, [writer.processID]);
    deepStrictEqual(rows.filter(({ name }) => /^crier\./.test(name)), []);
    await writer.query('commit');
    const all = await heard();
    strictEqual(inline(all).length, 0, level);
    ok(all.includes(reference('/pages/8')), level);
  }
});

test('documents of one topic name each other; of several topics not; nine go by reference', async () => {
  await owner.query(`delete from crier.subscriptions where key !~ '/9[0-2]$' and key ~ '^/leaves/'`);
  await writer.query(line(91));
  const all = inline(await heard());
  deepStrictEqual(all.map((n) => [n.topic, n.key, n.others.sort().join(' ')]).sort(), [
    ['/pages/91', '/pages/91', ''],
    ['book/9', '/leaves/90', '/leaves/91 /leaves/92'],
    ['book/9', '/leaves/91', '/leaves/90 /leaves/92'],
    ['book/9', '/leaves/92', '/leaves/90 /leaves/91'],
  ]);
  await writer.query(`begin; ${Array.from({ length: 12 }, (_, n) => line(10 + n)).join('; ')}; commit`);
  const many = await heard();
  strictEqual(inline(many).length, 8);
  const told = [...inline(many).map((n) => n.topic), ...many.filter((p) => p.startsWith('{"topic"')).map((p) => JSON.parse(p).topic)];
  for (let n = 10; n < 22; n++) ok(told.includes(`/pages/${n}`), `/pages/${n} is told of`);
});

for (const way of ['raise', 'assert', 'cancel', 'slow', 'null', 'long', 'octets', 'deep']) {
  test(`a function that does this goes by reference, and its writer succeeds: ${way}`, async () => {
    await behave(30, way);
    if (way === 'slow') await cluster.letBuild(100);
    await writer.query(line(30));
    const all = await heard();
    strictEqual(inline(all).length, 0);
    ok(all.includes(reference('/pages/30')), String(all));
    strictEqual((await owner.query('select from app.lines where page = 30')).rows.length, 1);
    await cluster.letBuild();
  });
}

test('the writer\'s own cancel still works while a document is built', async () => {
  await behave(31, 'wait');
  const refused = rejects(writer.query(line(31)), { code: '57014' });
  await until(async () => (await owner.query(`select from pg_stat_activity where pid = $1 and wait_event = 'PgSleep'`, [writer.processID])).rows.length, { what: 'it is being built' });
  await owner.query('select pg_cancel_backend($1)', [writer.processID]);
  await refused;
  deepStrictEqual(await heard(), []);
});

test('a table that somebody has locked is not waited for', async () => {
  await behave(32, 'side');
  await other.query('begin; lock table app.side in access exclusive mode');
  try {
    await within(writer.query(line(32)), 'the writer does not wait');
  } finally {
    await other.query('commit');
  }
  const all = await heard();
  strictEqual(inline(all).length, 0);
  ok(all.includes(reference('/pages/32')));
});

test('a lock that somebody has is not waited for: two who commit never block each other', async () => {
  await owner.query('select pg_advisory_lock(hashtextextended($1, 7165905))', ['/pages/33']);
  try {
    await within(writer.query(line(33)), 'the writer does not wait');
  } finally {
    await owner.query('select pg_advisory_unlock_all()');
  }
  const all = await heard();
  strictEqual(inline(all).length, 0);
  ok(all.includes(reference('/pages/33')));
  await writer.query(line(33));
  strictEqual(inline(await heard()).length, 1);
});

test('many writers: each inline document has what every inline one before it had', async () => {
  const writers = await Promise.all(Array.from({ length: 8 }, () => cluster.connect({ user: 'writer' })));
  await Promise.all(writers.map(async (session) => {
    for (let n = 0; n < 50; n++) await session.query(line(34));
    await session.end();
  }));
  const all = await heard();
  const chain = inline(all).filter((n) => n.key === '/pages/34');
  ok(chain.length > 10, `${chain.length} of 400 inline`);
  const sees = (snapshot, xid) => {
    const [, xmax, running] = snapshot.split(':');
    return BigInt(xid) < BigInt(xmax) && !running.split(',').includes(xid);
  };
  for (let i = 1; i < chain.length; i++) {
    for (let j = 0; j < i; j++) ok(sees(chain[i].snapshot, chain[j].xid), `${chain[i].xid} of ${chain[i].snapshot} sees ${chain[j].xid}`);
    ok(chain[i].document.lines.length > chain[i - 1].document.lines.length);
  }
});

test('the gate decides about building only: closed or emptied, everything is notified', async () => {
  for (const [what, statement] of [
    ['the relay is silent', `update crier.relays set seen = now() - interval '61 seconds'`],
    ['another dialect', `update crier.relays set dialect = 'x'`],
    ['too long a document', 'update crier.subscriptions set octets = 8000'],
    ['too slow a function', 'update crier.subscriptions set milliseconds = 10000'],
    ['an error', `update crier.subscriptions set error = '500'`],
    ['nothing there', 'truncate crier.relays cascade'],
  ]) {
    await owner.query('delete from crier.relays');
    await report(35, 35);
    await owner.query(statement);
    await writer.query(line(35));
    const all = await heard();
    strictEqual(inline(all).length, 0, what);
    ok(all.includes(reference('/pages/35')), what);
  }
  // It closes between the statement and the commit.
  await report(35, 35);
  await writer.query(`begin; ${line(35)}`);
  await owner.query('delete from crier.relays');
  await writer.query('commit');
  ok((await heard()).includes(reference('/pages/35')));
});

test('a document whose topic is another than the notified one goes by reference', async (t) => {
  await owner.query(`create or replace function app.book(_page integer) returns text language sql immutable as $$ select 'elsewhere' $$`);
  t.after(() => owner.query(`create or replace function app.book(_page integer) returns text language sql immutable as $$ select 'book/' || _page / 10 $$`));
  await writer.query(line(95));
  const all = await heard();
  deepStrictEqual(inline(all).map((n) => n.key), ['/pages/95']);
  ok(all.includes(reference('book/9')));
});

test('what an error or a dump left behind goes away', async () => {
  await owner.query(`begin; alter table crier.pending disable trigger crier_pending_due;
    insert into crier.pending (xid, topics) values ('9999999999', '{/pages/37}'), ('5', '{x}'); alter table crier.pending enable always trigger crier_pending_due; commit`);
  await writer.query(`begin; ${line(37)}`);
  await owner.query(`begin; ${line(38)}; select crier.refresh_watches(); commit`);
  deepStrictEqual(inline(await heard()).map((n) => n.key), ['/pages/38'], 'this transaction keeps its own');
  strictEqual((await owner.query('select * from crier.pending')).rows.length, 0);
  await writer.query('commit');
  strictEqual(inline(await heard()).length, 1, 'so does another one');
});

test('crier.off, replicas, PREPARE TRANSACTION', async () => {
  await writer.query(`begin; set local crier.off = 'on'; ${line(36)}; prepare transaction 'inline'`);
  await writer.query(`commit prepared 'inline'`);
  deepStrictEqual(await heard(), []);
  await rejects(writer.query(`begin; ${line(36)}; prepare transaction 'inline'`), { code: '0A000' });
  await writer.query('rollback');
  await owner.query(`begin; ${line(36)}; set local session_replication_role = replica; ${line(36)}; commit`);
  strictEqual(inline(await heard())[0].document.lines.length, 3, 'what was pending is told');
});

test('who reads only after his writes commits, and is told by reference', async () => {
  for (const change of ['', `set constraints all immediate; ${line(34)};`]) {
    await writer.query(`begin; ${line(34)}; ${change} ${line(35)}; set transaction read only; commit`);
    const all = await heard();
    strictEqual(inline(all).length, 0);
    for (const page of [34, 35]) ok(all.includes(reference(`/pages/${page}`)), `${page}: ${all}`);
  }
  await owner.query('select crier.refresh_watches()');
  strictEqual((await owner.query('select * from crier.pending')).rows.length, 0);
});
