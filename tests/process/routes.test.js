// routes.test.js -- the table of routes changes, or cannot be read, at a bad moment.

import { deepStrictEqual, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { startApp } from '../lib/app.js';
import { PASS, gateOf } from '../lib/gate.js';
import { until } from '../lib/until.js';

const app = await startApp({
  relay: { args: ['--pool', '3', '--threads', '1'] }, // one thread knows a route a little before another
  sql: `
    create function app.slowly(_id integer) returns json language sql volatile as $$
      select json_build_object('old', _id) from ${PASS}
    $$;
    create function app.fresh(_id integer) returns json language sql stable as $$ select json_build_object('new', _id) $$;
    create function app.passes(_id integer) returns boolean language sql volatile as $$ select true from ${PASS} $$;
    create domain app.waited_for as integer check (app.passes(value));
    create function app.odd(_id app.waited_for) returns json language sql stable as $$ select json_build_object('odd', _id) $$;
    grant execute on all functions in schema app to relay;
    select crier.live('/api/odd/{id}', 'app.odd(app.waited_for)');`,
});
const gate = gateOf(app.cluster);

const busyWith = (what) => app.cluster.backends(`application_name = 'pgcrier' and state = 'active' and query like $1`, [`%${what}(%`]);

// A route whose function waits at the gate; a stream that waits for its read; then the route is taken away and
// declared anew with another function, in one transaction; once the relay knows that, by a route that was not there
// before, meanwhile(), while the read is still out.
async function replaceDuringRead(path, meanwhile = async () => {}) {
  await app.sql(`select crier.live('${path}/{id}', 'app.slowly(integer)')`);
  await until(async () => (await app.get(`${path}/1`)).status === 200);
  await gate.shut();
  const early = app.stream(`${path}/1`);
  await until(async () => (await busyWith('crier.read')).length > 0, { what: 'the read is under way' });
  await app.sql(`begin; select crier.unroute('${path}/{id}'); select crier.live('${path}/{id}', 'app.fresh(integer)');
    select crier.live('${path}/known/{id}', 'app.fresh(integer)'); commit`);
  await until(async () => (await app.get(`${path}/known/1`)).status === 200, { what: 'the new route is known' });
  await meanwhile();
  await gate.open();
  return early;
}

test('who waits while a route is taken away and declared anew is not sent away', async () => {
  const early = await replaceDuringRead('/api/anew');
  strictEqual(early.status, 200);
  deepStrictEqual(JSON.parse((await early.next()).data), { new: 1 }, 'nor told what the old function said');
  early.close();
});

test('a stream that is opened while the old function is being read has the new one', async () => {
  let late;
  const early = await replaceDuringRead('/api/again', async () => {
    late = app.stream('/api/again/1');
    await app.get('/api/notes/1'); // by then it has asked
  });
  late = await late;
  deepStrictEqual(JSON.parse((await late.next()).data), { new: 1 });
  late.close();
  early.close();
});

// A browser gives up for ever when it is answered 503.
test('a stream whose key is being found is not sent away when routes change and then the database goes', async () => {
  await gate.shut();
  const early = app.stream('/api/odd/1');
  await until(async () => (await busyWith('crier.resolve')).length > 0, { what: 'its key is being found' });
  await app.sql(`select crier.live('/api/odd/known/{id}', 'app.fresh(integer)')`);
  await until(async () => (await app.get('/api/odd/known/1')).status === 200, { what: 'the new route is known' });
  await app.cluster.shutdown('immediate'); // the gate with it
  await until(async () => (await app.get('/api/notes/1')).status === 503, { what: 'the database is away' });
  await gate.open().catch(() => {});
  await app.cluster.start();
  const stream = await early;
  strictEqual(stream.status, 200);
  deepStrictEqual(JSON.parse((await stream.next()).data), { odd: 1 });
  stream.close();
});

test('a path whose route becomes something of another kind says what it was and what it is', async () => {
  const client = await app.cluster.connect();
  const notices = [];
  client.on('notice', ({ severity, message }) => notices.push(`${severity}: ${message}`));
  await client.query(`create function app.letters() returns json language sql stable as $$ select '[]'::json $$;
    create function app.octets() returns bytea language sql stable as $$ select ''::bytea $$`);
  for (const declaration of [`crier.live('/api/kind', 'app.letters')`, `crier.live('/api/kind', 'app.letters')`,
    `crier.channel('/api/kind', 'kinds')`, `crier.channel('/api/kind', 'others')`, `crier.blob('/api/kind', 'app.octets')`,
    `crier.live('/api/kind', 'app.letters')`]) await client.query(`select ${declaration}`);
  deepStrictEqual(notices, ['NOTICE: /api/kind was a document (app.letters()), and is a channel now',
    'NOTICE: /api/kind was a channel (others), and is a blob now', 'NOTICE: /api/kind was a blob (app.octets()), and is a document now']);
  await client.query(`select crier.unroute('/api/kind')`);
  await client.end();
});

test('routes that could not be read because connections broke are read later', async () => {
  await Promise.all([1, 2, 3, 4, 5, 6].map((i) => app.get(`/api/notes/${i}`)));
  const session = await app.cluster.connect();
  await session.query('begin; lock table crier.routes in access exclusive mode');
  await app.sql(`select pg_notify('crier', '{"routes":true}')`);
  for (let i = 0; i < 2; i += 1) { // the second time is the last
    const [{ pid }] = await until(async () => {
      const busy = await busyWith('relay_routes');
      return busy.length > 0 && busy;
    });
    await app.sql('select pg_terminate_backend($1)', [pid]);
    await until(async () => (await app.cluster.backends('pid = $1', [pid])).length === 0);
  }
  await session.query('rollback');
  await app.sql(`begin; set local crier.off = 'on'; select crier.live('/api/late/{id}', 'app.fresh(integer)'); commit`);
  await until(async () => (await app.get('/api/late/1')).status === 200, { what: 'the new route is known' });
});
