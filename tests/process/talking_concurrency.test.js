// talking_concurrency.test.js -- Talking's triggers with several sessions at once: replies and moves
// never miss each other, no two moves make a cycle, and who need not wait does not.

import { after, before, beforeEach, test } from 'node:test';
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { ROOT, startCluster } from '../lib/cluster.js';
import { until } from '../lib/until.js';

let cluster;
let one;
let two;

before(async () => {
  cluster = await startCluster();
  cluster.psql(['-f', join(ROOT, 'db', 'talking.sql')]);
  one = await cluster.connect();
  two = await cluster.connect();
});
after(() => cluster?.stop());

// 1 > 2 > 3 and 11 > 12
beforeEach(async () => {
  await Promise.all([one, two].map((session) => session.query('rollback')));
  await cluster.sql(`
    truncate talking.recordings cascade;
    alter table talking.recordings alter id restart with 100;
    insert into talking.recordings (id, parent_id, author)
    values (1, null, 'a'), (2, 1, 'a'), (3, 2, 'a'), (11, null, 'b'), (12, 11, 'b')`);
});

const move = (id, parent) => [`update talking.recordings set parent_id = $2 where id = $1`, [id, parent]];
const reply = (parent) => [`insert into talking.recordings (parent_id, author) values ($1, 'r')`, [parent]];
const remove = (id) => ['delete from talking.recordings where id = $1', [id]];
const vote = (id) => [`insert into talking.votes values ($1, gen_random_uuid(), 1)`, [id]];

// Starts a statement that has to wait for the other session, and returns once it waits.
async function waits(session, statement) {
  const outcome = session.query(...statement).then(() => 'done', (error) => error.code);
  await until(async () => (await cluster.sql(
    "select from pg_stat_activity where pid = $1 and wait_event_type = 'Lock'", [session.processID])).length > 0,
  { what: `${statement[0]} waits` });
  return { outcome };
}

async function isRight() {
  assert.deepEqual(await cluster.sql(`
    with recursive t as (
      select r.id, r.id as root from talking.recordings r where r.parent_id is null
      union all
      select r.id, t.root from t join talking.recordings r on r.parent_id = t.id)
    select r.id, r.root_id, t.root from talking.recordings r left join t on t.id = r.id
    where r.root_id is distinct from t.root`), [], 'every root_id is right');
  assert.deepEqual(
    await cluster.sql(`select root_id, sum(recordings)::int as n from talking.thread_sizes
      group by root_id having sum(recordings) <> 0 order by root_id`),
    await cluster.sql('select root_id, count(*)::int as n from talking.recordings group by root_id order by root_id'),
    'every size is right');
  assert.deepEqual(await cluster.sql(`
    select r.id from talking.recordings r left join (
      select v.recording_id, count(*) filter (where direction > 0) as ups, count(*) filter (where direction < 0) as downs
      from talking.votes v group by v.recording_id) v on v.recording_id = r.id
    where (r.ups, r.downs) <> (coalesce(v.ups, 0), coalesce(v.downs, 0))`), [], 'every vote counts');
}

test('sound at REPEATABLE READ where the one before was taken away meanwhile fails rather than not being told of', async () => {
  const sound = `insert into talking.audio (recording_id, type, bytes) values (3, 'audio/x', 'abc')`;
  await one.query(sound);
  await two.query('begin isolation level repeatable read; select from talking.recordings');
  await one.query('delete from talking.audio');
  await assert.rejects(two.query(sound), { code: '40001' });
  await two.query('rollback');
  await two.query(sound);
  assert.deepEqual(await cluster.sql('select id from talking.recordings where has_audio'), [{ id: 3 }]);
});

test('TRUNCATE above READ COMMITTED, where it would not see what others made of the recordings', async () => {
  for (const level of ['repeatable read', 'serializable']) {
    for (const table of ['votes', 'audio']) {
      await two.query(`begin isolation level ${level}; select from talking.recordings`);
      await one.query(...vote(3));
      await assert.rejects(two.query(`truncate talking.${table}`), { code: '0A000' });
      await two.query('rollback');
      await isRight();
      await two.query(`truncate talking.${table}`);
      await isRight();
    }
    await two.query(`begin isolation level ${level}; truncate talking.recordings cascade; commit`);
    await isRight();
    await one.query(`insert into talking.recordings (id, author) values (3, 'a')`);
  }
});

const rootOf = (id) => cluster.value('select root_id from talking.recordings where id = $1', [id]);
const latest = () => cluster.value('select max(id) from talking.recordings');

for (const parent of [2, 3]) {
  const what = parent === 2 ? 'what is being moved' : 'a reply to what is being moved';
  for (const end of ['commit', 'rollback']) {
    test(`a reply to ${what} waits, and goes where it went (${end})`, async () => {
      await one.query('begin');
      await one.query(...move(2, 12));
      const { outcome } = await waits(two, reply(parent));
      await one.query(end);
      assert.equal(await outcome, 'done');
      assert.equal(await rootOf(await latest()), end === 'commit' ? 11 : 1);
      await isRight();
    });

    test(`a move waits for a reply to ${what}, and takes it along (${end})`, async () => {
      await one.query('begin');
      await one.query(...reply(parent));
      await one.query(...reply(await one.query('select max(id) from talking.recordings').then((r) => r.rows[0].max)));
      const { outcome } = await waits(two, move(2, 12));
      await one.query(end);
      assert.equal(await outcome, 'done');
      if (end === 'commit') assert.equal(await rootOf(await latest()), 11);
      await isRight();
    });
  }
}

test('a reply at REPEATABLE READ to what was moved meanwhile fails rather than being lost', async () => {
  await one.query('begin isolation level repeatable read');
  await one.query('select from talking.recordings');
  await two.query(...move(2, 12));
  await assert.rejects(one.query(...reply(3)), { code: '40001' });
  await one.query('rollback');
  await isRight();
});

test('a reply at REPEATABLE READ does not mind votes on its parent', async () => {
  await one.query('begin isolation level repeatable read');
  await one.query('select from talking.recordings');
  await two.query(...vote(3));
  await one.query(...reply(3));
  await one.query('commit');
  await isRight();
});

test('two moves that together make a cycle: the second is refused', async () => {
  await one.query('begin');
  await one.query(...move(1, 12));
  const { outcome } = await waits(two, move(11, 3));
  await one.query('commit');
  assert.equal(await outcome, '23514');
  await isRight();
});

test('and is not, when the first is rolled back', async () => {
  await one.query('begin');
  await one.query(...move(1, 12));
  const { outcome } = await waits(two, move(11, 3));
  await one.query('rollback');
  assert.equal(await outcome, 'done');
  await isRight();
});

test('a cycle of three, moved by two sessions', async () => {
  await cluster.sql(`insert into talking.recordings (id, author) values (21, 'c')`);
  await one.query('begin');
  await one.query(...move(1, 11));
  await one.query(...move(11, 21));
  const { outcome } = await waits(two, move(21, 3));
  await one.query('commit');
  assert.equal(await outcome, '23514');
  await isRight();
});

test('two moves within a thread that have no row in common, but together make a cycle', async () => {
  await cluster.sql(`insert into talking.recordings (id, parent_id, author) values (21, 1, 'c'), (22, 21, 'c'), (31, 1, 'd'), (32, 31, 'd')`);
  await one.query('begin');
  await one.query(...move(21, 32));
  const { outcome } = await waits(two, move(31, 22));
  await one.query('commit');
  assert.equal(await outcome, '23514');
  await isRight();
});

test('who has replied may still vote on what somebody waits to move', async () => {
  await one.query('begin');
  await one.query(...reply(2));
  const { outcome } = await waits(two, move(2, 12));
  await one.query(...vote(2));
  await one.query('commit');
  assert.equal(await outcome, 'done');
  await isRight();
});

test('a move below what is being deleted finds nothing there', async () => {
  await one.query('begin');
  await one.query(...remove(11));
  const { outcome } = await waits(two, move(2, 12));
  await one.query('commit');
  assert.equal(await outcome, '23503');
  await isRight();
});

test('a reply to what is being deleted finds nothing there', async () => {
  await one.query('begin');
  await one.query(...remove(1));
  const { outcome } = await waits(two, reply(3));
  await one.query('commit');
  assert.equal(await outcome, '23503');
  await isRight();
});

test('a delete waits for a reply, and takes it along', async () => {
  await one.query('begin');
  await one.query(...reply(3));
  const { outcome } = await waits(two, remove(1));
  await one.query('commit');
  assert.equal(await outcome, 'done');
  assert.equal(await cluster.value('select count(*)::int from talking.recordings where root_id = 1'), 0);
  await isRight();
});

test('replies to one recording wait neither for each other nor for votes on it', async () => {
  await one.query('begin');
  await one.query(...reply(3));
  await one.query(...vote(2));
  await two.query("set lock_timeout = '1min'");
  await two.query(...reply(3));
  await two.query(...reply(2));
  await two.query(...vote(3));
  await one.query('commit');
  await isRight();
});

test('who folds the sizes of a thread waits for nobody', async () => {
  await one.query('begin');
  await one.query(...reply(3));
  await one.query("select talking.thread_sizes_fold('{1}')");
  await two.query("set lock_timeout = '1min'");
  await two.query(...reply(2));
  await two.query("select talking.thread_sizes_fold('{1}')");
  await one.query('commit');
  await isRight();
});

// Six sessions at random. Whoever deletes or moves may meet another in a deadlock, which PostgreSQL
// ends; replies and votes in transactions of their own never do.
test('a storm of replies, votes, moves and deletes leaves everything right', async (t) => {
  const ids = async (session) => (await session.query('select id from talking.recordings')).rows.map((row) => row.id);
  const pick = (list) => list[Math.floor(Math.random() * list.length)];
  const counts = {};
  const count = (what) => { counts[what] = (counts[what] ?? 0) + 1; };
  await cluster.sql(`insert into talking.recordings (parent_id, author) select 3, 's' from generate_series(1, 30)`);

  async function act(session) {
    const all = await ids(session);
    const dice = Math.random();
    if (dice < 0.5) return ['reply', reply(Math.random() < 0.05 ? null : pick(all))];
    if (dice < 0.7) return ['vote', vote(pick(all))];
    if (dice < 0.95) return ['move', move(pick(all), Math.random() < 0.1 ? null : pick(all))];
    return ['delete', remove(pick(all))];
  }

  async function writer() {
    const session = await cluster.connect();
    for (let i = 0; i < 120; i += 1) {
      const several = Math.random() < 0.2;
      let what = 'begin';
      try {
        if (several) await session.query('begin');
        for (let n = several ? 3 : 1; n > 0; n -= 1) {
          const [name, statement] = await act(session);
          what = several ? 'several' : name;
          await session.query(...statement);
        }
        if (several) await session.query(Math.random() < 0.3 ? 'rollback' : 'commit');
        count(`${what} done`);
      } catch (error) {
        assert.ok(['23503', '23514', '40P01'].includes(error.code), `${what}: ${error.code} ${error.message}`);
        assert.ok(error.code !== '40P01' || !['reply', 'vote'].includes(what), `${what}: deadlock`);
        count(`${what} ${error.code}`);
        if (several) await session.query('rollback');
      }
    }
    await session.end();
  }

  await Promise.all(Array.from({ length: 6 }, writer));
  t.diagnostic(Object.entries(counts).sort().map(([what, n]) => `${what}: ${n}`).join(', '));
  await isRight();
  for (const { id } of await cluster.sql('select id from talking.recordings where parent_id is null')) {
    const tree = JSON.parse(await cluster.value('select talking.recording_tree($1)', [id]));
    assert.equal(tree.reply_count + 1, await cluster.value('select count(*)::int from talking.recordings where root_id = $1', [id]));
  }
});

// PostgreSQL's own JSON cannot take these, so that they are JSON is JavaScript's to say.
const SHAPES = [
  ['chain', 10_000, 'i - 1'], ['star', 10_000, '1'], ['random tree', 100_000, '1 + (i * 7919::bigint * 104729) % (i - 1)'],
];
for (const [shape, nodes, parent] of SHAPES) {
  test(`a ${shape} of ${nodes} recordings is one document`, async () => {
    await cluster.sql(`
      truncate talking.recordings cascade;
      insert into talking.recordings (id, parent_id, author, title)
      select i, case when i > 1 then ${parent} end, 'a "b"', repeat('x', 100) from generate_series(1, ${nodes}) i`);
    const text = await cluster.value('select talking.recording_tree(1)');
    let found = 0;
    for (const waiting = [JSON.parse(text)]; waiting.length > 0;) {
      const recording = waiting.pop();
      found += 1;
      for (const below of recording.replies) waiting.push(below);
    }
    assert.equal(found, nodes);
  });
}
