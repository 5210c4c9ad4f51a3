// feeds_concurrency.test.js -- Feeds' triggers with several sessions at once: whoever writes what, nobody
// waits for another post's writer, nothing deadlocks, and the read model is what the history gives.

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
  cluster.psql(['-f', join(ROOT, 'db', 'feeds.sql')]);
  one = await cluster.connect();
  two = await cluster.connect();
});
after(() => cluster?.stop());
beforeEach(async () => {
  await Promise.all([one, two].map((session) => session.query('rollback')));
  await cluster.sql('truncate feeds.posts');
});

const create = async (session, content) => (await session.query('insert into feeds.posts (content) values ($1) returning id', [content])).rows[0].id;
const edit = (session, id, content) => session.query('update feeds.posts set content = $2 where id = $1', [id, content]);
const contents = async (feed) => JSON.parse(await cluster.value('select feeds.feed($1)', [feed])).posts.map((p) => p.content);

async function isRight() {
  const differ = (left, right) => `(${left} except all ${right}) union all (${right} except all ${left})`;
  assert.deepEqual(await cluster.sql(differ('table feeds.places', 'select * from feeds.places_of_history()')), [], 'every place is what the history gives');
  assert.deepEqual(await cluster.sql(differ('table feeds.feeds', 'select * from feeds.feeds_of_history()')), [], 'and every feed');
  assert.deepEqual(await cluster.sql(differ('select p.id, unnest(p.tags) from feeds.posts p', 'select l.post_id, l.feed from feeds.places l')), [], 'and what the posts say');
}

// Resolves while the other transaction is still open.
const atOnce = async (work) => {
  let done = false;
  const running = work().then(() => { done = true; });
  await until(() => done, { what: 'it need not wait' });
  return running;
};

test('nobody waits for a transaction that has written other posts of the same, also new, tags', async () => {
  const first = await create(one, '#a #b');
  await create(two, '#b #a');
  await one.query('begin');
  await create(one, '#a #b #fresh');
  await create(one, '#other');
  await edit(one, first, '#a #fresh');
  await atOnce(() => create(two, '#other #fresh #b #a'));
  await atOnce(async () => edit(two, await create(two, '#fresh'), '#b #other'));
  await atOnce(() => two.query("delete from feeds.posts where content = '#b #a'"));
  const fold = 'select feeds.sizes_fold(array(select name from feeds.feeds))';
  await one.query(fold);
  await atOnce(() => two.query(fold));
  await one.query('commit');
  await isRight();
  assert.deepEqual(await contents('other'), ['#b #other', '#other #fresh #b #a', '#other'], 'the newest on top');
});

test('two transactions that touch the same tags in opposite order', async () => {
  const [a, b] = [await create(one, '#a'), await create(one, '#b')];
  await one.query('begin');
  await two.query('begin');
  await edit(one, a, '#x');
  await atOnce(() => edit(two, b, '#y'));
  await atOnce(() => create(one, '#y #b'));
  await atOnce(() => create(two, '#x #a'));
  await one.query('commit');
  await two.query('commit');
  await isRight();
});

for (const end of ['commit', 'rollback']) {
  test(`two edits of one post: the second waits, and starts from what the first left (${end})`, async () => {
    const id = await create(one, '#a #b');
    await one.query('begin');
    await edit(one, id, '#b #c');
    const second = edit(two, id, '#a #c #d');
    await until(async () => (await cluster.sql("select from pg_stat_activity where pid = $1 and wait_event_type = 'Lock'", [two.processID])).length > 0,
      { what: 'the second waits' });
    await one.query(end);
    await second;
    await isRight();
    assert.equal(await cluster.value("select payload -> 'original_post' ->> 'content' from feeds.events where name = 'PostUpdated' order by id desc limit 1"),
      end === 'commit' ? '#b #c' : '#a #b');
  });
}

test('at REPEATABLE READ and SERIALIZABLE posts are written as at READ COMMITTED', async () => {
  for (const level of ['repeatable read', 'serializable']) {
    const id = await create(two, '#a');
    await one.query(`begin isolation level ${level}`);
    await one.query('select from feeds.posts');
    for (let i = 0; i < 40; i += 1) await create(two, '#a #b'); // and sizes are folded meanwhile
    await two.query('select feeds.sizes_fold(array(select name from feeds.feeds))');
    for (let i = 0; i < 300; i += 1) await create(one, '#a #new'); // and one of them would fold
    await edit(one, id, '#b');
    await one.query('commit');
    await isRight();
    await one.query(`begin isolation level ${level}`);
    await assert.rejects(one.query('truncate feeds.posts'), { code: '0A000' });
    await one.query('rollback');
  }
});

test('many writers at once, of everything: no error but those of their own rows, and all is right', async () => {
  const tags = ['#a', '#b', '#c', '#d', '#e'];
  const some = () => tags.filter(() => Math.random() < 0.5).sort(() => Math.random() - 0.5).join(' ') + (Math.random() < 0.1 ? ` #new${Math.floor(Math.random() * 9)}` : '');
  const writer = async () => {
    const session = await cluster.connect();
    const mine = [await create(session, some())];
    for (let round = 0; round < 12; round += 1) {
      await session.query('begin');
      mine.push(await create(session, some()));
      await edit(session, mine[Math.floor(Math.random() * mine.length)], some());
      await session.query('insert into feeds.posts (content) select $1 from generate_series(1, 3)', [some()]);
      if (round % 3 === 0) await session.query('delete from feeds.posts where id = $1', [mine.shift()]);
      await session.query(Math.random() < 0.2 ? 'rollback' : 'commit');
    }
    await session.end();
  };
  await Promise.all(Array.from({ length: 8 }, writer));
  await isRight();
  assert.ok(await cluster.value('select count(*) > 100 from feeds.posts'));
  assert.equal(await cluster.value('select feeds.rebuild()'), '0');
});

test('rebuilding waits for writers, and writers for it', async () => {
  await create(one, '#a');
  await cluster.sql("delete from feeds.places");
  await one.query('begin');
  await create(one, '#b');
  const rebuilt = two.query('select feeds.rebuild() as n');
  await until(async () => (await cluster.sql("select from pg_stat_activity where pid = $1 and wait_event_type = 'Lock'", [two.processID])).length > 0,
    { what: 'it waits' });
  await one.query('commit');
  assert.equal((await rebuilt).rows[0].n, '1');
  await isRight();
});

test('the channel tells events in order, in what it can carry', async () => {
  const heard = [];
  const listener = await cluster.connect();
  listener.on('notification', ({ payload }) => heard.push(JSON.parse(payload)));
  await listener.query('listen feeds_events');
  const id = await create(one, '#a');
  await edit(one, id, 'x');
  await one.query('begin');
  await create(one, '#never');
  await one.query('rollback');
  await until(() => heard.length === 4);
  assert.deepEqual(heard.map((e) => e.name), ['PostCreated', 'FeedUpdated', 'PostUpdated', 'FeedUpdated']);
  assert.deepEqual(Object.keys(heard[0]), ['id', 'name', 'occurred_at', 'payload']);
  assert.deepEqual(heard[0].payload, { post: { id, title: '', content: '#a', author: '', tags: ['a'] } });
  assert.deepEqual(heard[2].payload.new_post.content, 'x');
  assert.match(heard[0].occurred_at, /\+00:00$/);

  await create(one, `#long ${'ż'.repeat(5000)}`);
  await until(() => heard.length === 6);
  assert.deepEqual([heard[4].name, heard[4].payload, heard[5].payload], ['PostCreated', null, { name: 'long' }]);
  const whole = await cluster.value('select feeds.event_octets($1)', [heard[4].id]);
  assert.equal(JSON.parse(whole.toString()).payload.post.content.length, 5006, 'which has a document of its own');

  await one.query("insert into feeds.posts (content) select '#bulk' from generate_series(1, 600)");
  await until(() => heard.length === 7);
  assert.equal(heard[6].events, 601);
  assert.equal(await cluster.value('select count(*)::int from feeds.events where id between $1 and $2', [heard[6].from, heard[6].to]), 601);

  await one.query('begin');
  await one.query("set local crier.off = 'on'");
  const off = await create(one, '#off');
  await one.query("prepare transaction 'off'");
  await one.query("commit prepared 'off'");
  await edit(one, off, '#on');
  await until(() => heard.length > 7);
  assert.equal(heard[7].name, 'PostUpdated', 'switched off: nothing is told, and it can be prepared');
});
