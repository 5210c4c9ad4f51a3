// What the function of a document may do or meet: too much, too deep, for ever, or something else than
// yesterday. Nothing of it may hurt the relay or the other documents.

import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { startApp } from '../lib/app.js';
import { SANITIZED } from '../lib/relay.js';
import { until } from '../lib/until.js';

const BIG = 50_000_000;
const BIG_READERS = 100;
const DEEP = 10_000;

const app = await startApp({
  relay: { args: ['--query-timeout', '2min', '--pool', '3'] },
  sql: `
    create table app.things (id integer primary key, parent integer, n integer not null default 0);
    insert into app.things values (1, null), (2, 3), (3, 2);
    create function app.thing(_id integer) returns json language sql stable as $$ select to_json(t) from app.things t where t.id = _id $$;
    create function app.things() returns json language sql stable as $$ select json_agg(t order by t.id) from app.things t $$;
    create function app.round(_id integer) returns json language sql stable as $$
      with recursive up as (select id, parent from app.things where id = _id
                            union all select t.id, t.parent from up join app.things t on t.id = up.parent)
      select to_json(count(*)) from up $$;
    create function app.big() returns json language sql stable as $$
      select json_build_object('n', n, 'filler', repeat('0123456789', ${BIG / 10})) from app.things where id = 1 $$;
    create function app.deep(_levels integer) returns crier.json_text language sql stable as $$
      select repeat('[', _levels) || repeat(']', _levels) $$;
    create function app.deep_json(_levels integer) returns json language sql stable as $$
      select (repeat('[', _levels) || repeat(']', _levels))::json $$;
    create function app.clock() returns json language sql stable as $$ select to_json(now()) $$;
    create function app.settings() returns json language sql stable as $$ select to_json(current_setting('app.setting', true)) $$;
    select crier.live('/api/things', 'app.things()');
    select crier.live('/api/things/{id}', 'app.thing(integer)');
    select crier.live('/api/round/{id}', 'app.round(integer)');
    select crier.live('/api/big', 'app.big()', reread => '1 hour');
    select crier.live('/api/deep/{levels}', 'app.deep(integer)');
    select crier.live('/api/deep-json/{levels}', 'app.deep_json(integer)');
    select crier.live('/api/clock', 'app.clock()', reread => '1 second');
    select crier.live('/api/still-clock', 'app.clock()', reread => '1 day');
    select crier.watch('app.things', '/api/things');
    select crier.watch('app.things', '/api/things/{id}');
    select crier.watch('app.things', '/api/big');
    grant select on all tables in schema app to relay;
    grant execute on all functions in schema app to relay`,
});

async function open(path) {
  const stream = await app.stream(path);
  await stream.next();
  return stream;
}

test('F15: text that only claims to be JSON cannot break the stream; explain tells; a function of text is no document', async () => {
  await app.sql(`insert into app.texts values (15, E'{"a":\\n\\nevent: other\\ndata: x\\r\\n\\r\\nid: 1')`);
  const stream = await open('/api/raw/15');
  strictEqual(stream.events.length, 1);
  strictEqual(stream.last.type, 'message');
  deepStrictEqual(stream.complaints, []);
  strictEqual(stream.last.data, (await app.get('/api/raw/15')).text.replace(/[\r\n]/g, ' '));
  const [finding] = await app.sql(`select ok, detail from crier.explain('/api/raw/15') where step = 'document'`);
  strictEqual(finding.ok, false, finding.detail);
  stream.close();
  await app.sql(`create function app.words() returns text language sql stable as $$ select 'x' $$`);
  await app.sql(`select crier.live('/api/words', 'app.words()')`).then(
    () => ok(false, 'a function of text is accepted'), ({ code }) => ok(/^CR/.test(code), code));
});

test(`F16: a document of ${BIG / 1e6} MB and ${BIG_READERS} subscribers: one copy for all`, { skip: SANITIZED && 'its memory says nothing' }, async (t) => {
  const [before, readsBefore] = [await app.relay.memory(), await app.metric('pgcrier_reads_total')];
  const copies = async () => Math.round(10 * (await app.relay.mostMemory() - before) / BIG) / 10;
  const crowd = await app.crowd('/api/big', { readers: BIG_READERS });
  const { octets } = await crowd.all(() => true, { limit: 120_000 });
  ok(octets > BIG, `${octets} octets`);
  const first = await copies();
  t.diagnostic(`${first} times the document while ${BIG_READERS} take it`);
  // Itself, and what libpq took more for its buffer; a relay that was starved so long that it doubts what it has
  // heard reads it again, and has the old one meanwhile.
  const reads = await app.metric('pgcrier_reads_total') - readsBefore;
  ok(first < (reads === 1 ? 2.5 : 3.5), `${first} times the document after ${reads} reads`);
  const frames = await app.metric('pgcrier_frames_total');
  await app.sql('update app.things set n = n + 1 where id = 1');
  await until(async () => await app.metric('pgcrier_frames_total') > frames, { what: 'the new document is there, and the old one goes' });
  await crowd.stop();
  const both = await copies();
  t.diagnostic(`${both} times with the next one`);
  ok(both < 3.5, `${both} times the document`);
});

test('F20: CREATE OR REPLACE FUNCTION: seen with the next change, or the next touch', async () => {
  const stream = await open('/api/things/1');
  await app.sql(`create or replace function app.thing(_id integer) returns json language sql stable as $$
    select json_build_object('id', t.id, 'made', 'anew') from app.things t where t.id = _id $$`);
  strictEqual((await app.get('/api/things/1')).json().made, 'anew', 'by GET at once');
  await app.sql(`select crier.touch('/api/things/1')`);
  strictEqual((await stream.untilDocument((d) => d.made)).made, 'anew');
  stream.close();
});

test('F21: ALTER TABLE ADD COLUMN, again and again, under reads: no error, and the column is there', async () => {
  let reading = true;
  const statuses = new Set();
  const readers = Array.from({ length: 4 }, async () => {
    while (reading) statuses.add((await app.get('/api/things')).status);
  });
  for (let i = 0; i < 10; i += 1) {
    await app.sql(`alter table app.things add column c${i} integer default ${i}`);
    const { status, text } = await app.get('/api/things');
    strictEqual(status, 200, text);
    strictEqual(JSON.parse(text)[0][`c${i}`], i);
  }
  reading = false;
  await Promise.all(readers);
  deepStrictEqual([...statuses], [200]);
  // Without readers: PostgreSQL shows a table that was rewritten as empty to older snapshots, and a read
  // that waited for the ALTER TABLE has one. The next read is right.
  await app.sql('alter table app.things alter column c1 type text');
  strictEqual((await app.get('/api/things')).json()[0].c1, '1');
});

test('F37: a function that runs in circles is stopped by its time; others are served meanwhile', async () => {
  const relay = await app.startRelay({ args: ['--query-timeout', '4s', '--pool', '3'] });
  const circle = fetch(`${relay.url}/api/round/2`);
  const others = await Promise.all(Array.from({ length: 20 }, () => fetch(`${relay.url}/api/round/1`)));
  deepStrictEqual([...new Set(others.map(({ status }) => status))], [200]);
  strictEqual((await circle).status, 503);
  strictEqual((await relay.stop()).code, 0);
});

test(`F38: 130 and ${DEEP} levels are delivered; what PostgreSQL refuses is a clean 500`, async () => {
  for (const levels of [130, DEEP]) {
    const stream = await open(`/api/deep/${levels}`);
    strictEqual(stream.last.data, '['.repeat(levels) + ']'.repeat(levels));
    strictEqual((await app.get(`/api/deep/${levels}`)).text, stream.last.data);
    stream.close();
  }
  const refused = await app.get('/api/deep-json/1000000'); // 54001, its stack
  strictEqual(refused.status, 500, refused.text.slice(0, 100));
  strictEqual(refused.headers['content-type'], 'application/problem+json');
  strictEqual((await app.get('/api/things/1')).status, 200);
});

test('F28: a document with \\u0000 in it is delivered as it is', async () => {
  await app.sql(`insert into app.texts values (28, '{"nul":"\\u0000"}')`);
  const stream = await open('/api/raw/28');
  strictEqual(stream.last.data, '{"nul":"\\u0000"}');
  strictEqual(stream.document.nul, '\0');
  stream.close();
});

test('F49: what depends on the clock changes when it is read again, and otherwise stays', async () => {
  const ticking = await open('/api/clock');
  const still = await open('/api/still-clock');
  await until(() => ticking.events.length >= 3, { what: 'two rereads' });
  strictEqual(still.events.length, 1);
  ok(new Set(ticking.events.map(({ id }) => id)).size === ticking.events.length);
  ticking.close();
  still.close();
});
