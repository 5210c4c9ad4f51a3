// From a statement to the stream: what is pushed, what is not, how often. The same faults are played
// against the notifications alone in notify.test.js; here a client looks.

import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { startApp } from '../lib/app.js';
import { SANITIZED } from '../lib/relay.js';
import { until } from '../lib/until.js';

const app = await startApp({
  sql: `
    create table app.parents (id integer primary key, name text not null);
    create table app.children (id integer primary key, parent integer references app.parents on delete cascade, name text);
    create function app.parent(_id integer) returns json language sql stable as $$
      select json_build_object('name', p.name, 'children', (select coalesce(json_agg(c.name order by c.id), '[]')
        from app.children c where c.parent = _id)) from app.parents p where p.id = _id
    $$;
    create function app.child(_id integer) returns json language sql stable as $$
      select coalesce((select to_json(c.name) from app.children c where c.id = _id), '"none"')
    $$;
    select crier.live('/api/parents/{id}', 'app.parent(integer)', reread => '1 hour');
    select crier.live('/api/children/{id}', 'app.child(integer)', reread => '1 hour');
    select crier.watch('app.parents', '/api/parents/{id}');
    select crier.watch('app.children', '/api/parents/{parent}');
    select crier.watch('app.children', '/api/children/{id}');
    create table app.words (word text primary key, n integer not null);
    create function app.word(_word text) returns json language sql stable as $$
      select json_build_object('word', _word, 'n', coalesce((select w.n from app.words w where w.word = _word), 0))
    $$;
    select crier.live('/api/words/{word}', 'app.word(text)', reread => '1 hour');
    select crier.live('/api/reread/{word}', 'app.word(text)', reread => '2 seconds');
    select crier.watch('app.words', '/api/words/{word}');
    grant select on all tables in schema app to relay;
    grant execute on all functions in schema app to relay`,
});
const { cluster, relay } = app;
const topicNotifications = () => relay.metric('pgcrier_notifications_total{kind="topic"}');

// A change that everybody can see, made after everything else: what came before it has been handled.
let round = 0;
async function settled(stream) {
  round += 1;
  await app.sql(`insert into app.notes values (1, 0, $1) on conflict (id) do update set body = excluded.body`, [`settled ${round}`]);
  await stream.untilDocument((d) => d.body === `settled ${round}`);
}
const marker = await app.stream('/api/notes/1');
await marker.next();

async function open(path) {
  const stream = await app.stream(path);
  await stream.next();
  return stream;
}

test('F18: a transaction that stays open is not seen until it commits, and then at once', async () => {
  const stream = await open('/api/words/open');
  const writer = await cluster.connect();
  await writer.query(`begin; insert into app.words values ('open', 1)`);
  await settled(marker);
  strictEqual((await app.get('/api/words/open')).json().n, 0);
  strictEqual(stream.events.length, 1);
  await writer.query('update app.words set n = 2');
  await writer.query('commit');
  strictEqual(JSON.parse((await stream.next()).data).n, 2);
  strictEqual(stream.events.length, 2);
  await writer.end();
  stream.close();
});

test('F30: ROLLBACK: no notification, no read, no event', async () => {
  const stream = await open('/api/words/rolled');
  const reads = await app.quietReads();
  const notifications = await topicNotifications();
  await app.sql(`begin; insert into app.words select 'rolled' || i, i from generate_series(1, 100) i;
    insert into app.words values ('rolled', 1); rollback`);
  strictEqual(await app.quietReads(), reads);
  strictEqual(await topicNotifications(), notifications);
  strictEqual(stream.events.length, 1);
  stream.close();
});

for (const [number, what, sql] of [
  ['F31', 'ROLLBACK TO SAVEPOINT', `begin; insert into app.words values ('WORD', 1); savepoint s;
    update app.words set n = -1 where word = 'WORD'; insert into app.words values ('LOST', -1); rollback to s; commit`],
  ['F32', 'an error inside an EXCEPTION block', `do $$ begin insert into app.words values ('WORD', 1);
    begin insert into app.words values ('LOST', -1); update app.words set n = -1 where word = 'WORD'; perform 1 / 0;
    exception when division_by_zero then null; end; end $$`],
]) {
  test(`${number}: ${what}: what was kept is pushed once, what was not is never seen`, async () => {
    const kept = await open(`/api/words/kept${number}`);
    const lost = await open(`/api/words/lost${number}`);
    await app.sql(sql.replaceAll('WORD', `kept${number}`).replaceAll('LOST', `lost${number}`));
    strictEqual(JSON.parse((await kept.next()).data).n, 1);
    await settled(marker);
    strictEqual(kept.events.length, 2);
    strictEqual(lost.events.length, 1);
    kept.close();
    lost.close();
  });
}

test('F33: COPY of 100,000 rows of one topic: one notification, and the document', async () => {
  const stream = await open('/api/notes?thread=9');
  await app.heard();
  const notifications = await topicNotifications();
  const rows = Array.from({ length: 100_000 }, (_, i) => `${1000 + i}\t9\tcopied\n`).join('');
  await app.sql(`alter table app.notes disable trigger all; delete from app.notes where id >= 1000; alter table app.notes enable trigger all`);
  cluster.psql(['-c', 'copy app.notes from stdin'], { input: rows });
  await stream.untilDocument((d) => d.count === 100);
  await app.heard();
  // One for /api/notes and one for thread/9; the 100,000 of /api/notes/{id} are one for their template.
  strictEqual(await topicNotifications() - notifications, 2);
  stream.close();
});

test('F34: 100,000 topics in one transaction: whoever reads one of them is told', async () => {
  const paths = [5, 50_000, 99_999].map((i) => `/api/words/many${i}`);
  const streams = await Promise.all(paths.map(open));
  const templates = await relay.metric('pgcrier_notifications_total{kind="template"}');
  await app.sql(`insert into app.words select 'many' || i, i from generate_series(1, 100000) i`);
  deepStrictEqual((await Promise.all(streams.map((s) => s.next()))).map((e) => JSON.parse(e.data).n), [5, 50_000, 99_999]);
  await app.heard();
  strictEqual(await relay.metric('pgcrier_notifications_total{kind="template"}'), templates + 1);
  streams.forEach((s) => s.close());
});

test('F35: TRUNCATE with CASCADE: the empty document', async () => {
  await app.sql(`insert into app.parents values (1, 'a'), (2, 'b'); insert into app.children values (1, 1, 'x'), (2, 2, 'y')`);
  const streams = await Promise.all(['/api/parents/1', '/api/parents/2'].map(open));
  const child = await open('/api/children/1');
  await app.sql('truncate app.parents cascade');
  for (const s of streams) strictEqual((await s.next()).type, 'gone');
  strictEqual((await child.next()).data, '"none"');
  child.close();
});

test('F36: a row that moves: the document it left and the one it came to', async () => {
  await app.sql(`insert into app.parents values (3, 'a'), (4, 'b'); insert into app.children values (3, 3, 'x')`);
  const [from, to] = await Promise.all(['/api/parents/3', '/api/parents/4'].map(open));
  await app.sql('update app.children set parent = 4 where id = 3');
  deepStrictEqual(JSON.parse((await from.next()).data).children, []);
  deepStrictEqual(JSON.parse((await to.next()).data).children, ['x']);
  from.close();
  to.close();
});

test('F39: DELETE that cascades: the children\'s documents, too', async () => {
  await app.sql(`insert into app.parents values (5, 'a'); insert into app.children values (5, 5, 'x'), (6, 5, 'y')`);
  const children = await Promise.all(['/api/children/5', '/api/children/6'].map(open));
  await app.sql('delete from app.parents where id = 5');
  for (const s of children) {
    strictEqual((await s.next()).data, '"none"');
    s.close();
  }
});

test('F40: what triggers do not see shows at the next reread', async () => {
  const stream = await open('/api/reread/hidden');
  await app.sql(`begin; set local session_replication_role = replica; insert into app.words values ('hidden', 1); commit`);
  strictEqual(JSON.parse((await stream.next()).data).n, 1);
  await app.sql(`begin; alter table app.words disable trigger user; update app.words set n = 2 where word = 'hidden';
    alter table app.words enable trigger user; commit`);
  strictEqual(JSON.parse((await stream.next()).data).n, 2);
  stream.close();
});

test('F50: a change that leaves the document as it is: a read, and no event', async () => {
  const stream = await open('/api/notes/2');
  const reads = await relay.metric('pgcrier_reads_total');
  await app.sql(`update app.notes set thread = thread + 1 where id = 2`);
  await until(async () => await relay.metric('pgcrier_reads_total') > reads);
  await settled(marker);
  strictEqual(stream.events.length, 1);
  stream.close();
});

test('F25: forged notifications: nothing of them is believed', async () => {
  const stream = await open('/api/words/forged');
  const mallory = await cluster.connect();
  await mallory.query('create role mallory; set role mallory');
  const unknown = await relay.metric('pgcrier_notifications_total{kind="unknown"}');
  const garbage = ['', 'x', '{', '[]', 'null', '{}', '{"topic":1}', '{"topic":null}', '{"topic":"a\\u0000b"}', '{"topic":{"topic":"x"}}',
    '{"routes":"yes"}', '{"document":{"n":666},"key":"/api/words/forged"}', '[['.repeat(3000), '{"topic":"\\ud800"}', '/*c*/{}', '\u2028'];
  for (const payload of garbage) await mallory.query('select pg_notify($1, $2)', ['crier', payload]);
  await mallory.query('select pg_notify($1, $2)',
    ['crier', '{"topic":"/api/words/forged","key":"/api/words/forged","document":{"n":666},"id":"x"}']);
  await settled(marker);
  ok(await relay.metric('pgcrier_notifications_total{kind="unknown"}') - unknown >= garbage.length - 3);
  strictEqual(stream.events.length, 1, 'no document but from a read');
  strictEqual((await app.get('/api/words/forged')).json().n, 0);
  await mallory.end();
  stream.close();
});

test('F25: a forged notification for a key costs at most one read, and one for no key none', async () => {
  const stream = await open('/api/words/price');
  const reads = await app.quietReads();
  await app.sql(`select pg_notify('crier', '{"topic":"/api/words/price"}')`);
  ok(await app.quietReads() <= reads + 1);
  const before = await app.quietReads();
  await app.sql(`select pg_notify('crier', '{"topic":"/api/words/nobody' || i || '"}') from generate_series(1, 1000) i`);
  strictEqual(await app.quietReads(), before);
  stream.close();
});

for (const [what, word] of [
  ['quotes and backslashes', 'a"b\\c\'d'],
  ['line ends', 'a\r\nb\tc'],
  ['line separators of JavaScript', 'a\u2028b\u2029c'],
  ['characters of four octets', '\u{1F600}\u{10FFFF}'],
  ['slashes, percent signs and plus', 'a/b%2Fc+d e?f#g'],
  ['template signs', '{word}'],
  ['the empty-looking', '%20'],
  ['control characters', '\u0001\u007f\u0085'],
  ['combining marks, not normalised', 'e\u0301 \u00e9'],
]) {
  test(`F26: a topic with ${what} is matched octet by octet`, async () => {
    const stream = await open(`/api/words/${encodeURIComponent(word)}`);
    await app.sql('insert into app.words values ($1, 26)', [word]);
    deepStrictEqual(JSON.parse((await stream.next()).data), { word, n: 26 });
    stream.close();
  });
}

test('F22: a storm of notifications on one topic: few reads, the last state at the end', async () => {
  const stream = await open('/api/words/storm');
  await app.sql(`insert into app.words values ('storm', 0)`);
  const reads = await relay.metric('pgcrier_reads_total');
  const began = performance.now();
  const memory = await relay.memory();
  const writers = await Promise.all(Array.from({ length: 4 }, () => cluster.connect()));
  await Promise.all(writers.map(async (writer) => {
    for (let i = 0; i < 40; i += 1) {
      // Each block commits 100 times: as many notifications as PostgreSQL can make.
      await writer.query(`do $$ begin for i in 1 .. 100 loop update app.words set n = n + 1 where word = 'storm'; commit; end loop; end $$`);
    }
  }));
  await stream.untilDocument((d) => d.n === 16_000);
  const seconds = (performance.now() - began) / 1000;
  const made = await relay.metric('pgcrier_reads_total') - reads;
  ok(made <= 20 * seconds + 10, `${made} reads in ${seconds} s`);
  ok(stream.events.length <= 20 * seconds + 12, `${stream.events.length} events`);
  ok(SANITIZED || await relay.memory() - memory < 16 << 20, 'memory is flat');
  await Promise.all(writers.map((w) => w.end()));
  stream.close();
});

test('F23: a storm over topics that nobody reads: no read, no memory', async () => {
  const [before, keys] = [await app.quietReads(), 1]; // the marker's
  await until(async () => await relay.metric('pgcrier_keys') === keys, { what: 'those of the tests before are gone' });
  const memory = await relay.memory();
  const notifications = await topicNotifications();
  for (let i = 0; i < 50; i += 1) {
    await app.sql(`select pg_notify('crier', json_build_object('topic', '/api/words/storm' || i)::text)
      from generate_series(${i * 1000}, ${i * 1000 + 999}) i`);
  }
  await until(async () => await topicNotifications() >= notifications + 50_000);
  strictEqual(await app.quietReads(), before);
  strictEqual(await relay.metric('pgcrier_keys'), keys);
  ok(SANITIZED || await relay.memory() - memory < 16 << 20, 'memory is flat');
});

test('F19: a function that is dropped: the stream keeps its document; made again, the stream moves on', async () => {
  await app.sql(`create function app.brief(_id integer) returns json language sql stable as $$ select to_json(body) from app.notes where id = _id $$;
    grant execute on function app.brief(integer) to relay;
    select crier.live('/api/brief/{id}', 'app.brief(integer)')`);
  const stream = await app.opened('/api/brief/3');
  await stream.next();
  const other = await open('/api/notes/3');
  await app.sql('drop function app.brief(integer)');
  await app.sql(`select crier.touch('/api/brief/3')`);
  strictEqual((await app.get('/api/brief/3')).status, 500);
  await settled(marker);
  strictEqual(stream.over, undefined);
  await app.sql(`create function app.brief(_id integer) returns json language sql stable as $$ select '"again"'::json $$;
    grant execute on function app.brief(integer) to relay; select crier.touch('/api/brief/3')`);
  strictEqual((await stream.next()).data, '"again"');
  await app.sql(`update app.notes set body = 'unmoved' where id = 3`);
  strictEqual(JSON.parse((await other.next()).data).body, 'unmoved');
  strictEqual(other.events.length, 2);
  stream.close();
  other.close();
});
