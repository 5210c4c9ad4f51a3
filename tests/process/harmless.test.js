// G7: with the triggers installed, writers succeed and fail exactly as without them.
//
// A schedule is a seed: several sessions, what each says next, and in which order they speak. One
// statement is sent at a time; when a session blocks, the others go on, and the next statement is sent
// only when everybody is done or blocked again, so that a schedule can be played twice. It is played
// on the same tables without and with watches, and must end in the same SQLSTATEs, row counts and rows.
//
// Some watches have inline routes with subscribers (rows of crier.subscriptions, as a relay would report
// them), so that commits build documents; the sessions have deferred triggers of their own, which write
// once more, set constraints both ways, reset everything, take advisory locks, and cannot be told from
// those without watches in any of it.
//
// PostgreSQL's own deadlock detector picks its victim by the clock, so it is switched off: the
// scheduler looks for cycles and cancels the session that closed one. Where two sessions wake at once
// and race, even the tables without watches give several outcomes; then the schedule is played again,
// and the watched outcome must be among the unwatched ones.
//
//   PGCRIER_SEED=7 PGCRIER_SCHEDULES=50 node --test tests/process/harmless.test.js

import { after, test } from 'node:test';
import { ok, strictEqual } from 'node:assert/strict';
import { startCluster } from '../lib/cluster.js';
import { until } from '../lib/until.js';

const SEED = Number(process.env.PGCRIER_SEED ?? 1);
const SCHEDULES = Number(process.env.PGCRIER_SCHEDULES ?? 3); // for each isolation level
const SESSIONS = 5;
const TURNS = 120;
const ATTEMPTS = 50;
const LEVELS = ['read committed', 'repeatable read', 'serializable'];

// Plans decide what SERIALIZABLE locks, so they must not depend on statistics.
const cluster = await startCluster({
  settings: { autovacuum: 'off', deadlock_timeout: '1h', enable_seqscan: 'off', enable_bitmapscan: 'off' },
});
after(() => cluster.stop());
await cluster.sql('create role writer login');
await cluster.letBuild();
const watcher = await cluster.connect();
const ear = await cluster.connect();
let notifications = 0;
let inline = 0;
ear.on('notification', ({ payload }) => { notifications++; if (payload.startsWith('{"signature"')) inline++; });
await ear.query('listen crier');

const TABLES = `
  drop schema if exists app cascade;
  create schema app;
  create table app.threads (id integer primary key, title text not null, n integer not null default 0 check (n < 40));
  create table app.notes (id integer primary key, thread integer references app.threads on delete cascade, place integer unique deferrable initially deferred, body text);
  create index on app.notes (thread);
  create table app.log (id integer, part integer, thread integer, primary key (id, part)) partition by list (part);
  create table app.log_0 partition of app.log for values in (0);
  create table app.log_1 partition of app.log for values in (1);
  create table app.trail (id serial primary key, note integer, thread integer, unique (note, thread) deferrable initially deferred);
  create function app.leave_trail() returns trigger language plpgsql as $$
    begin insert into app.trail (note, thread) select new.id, new.thread where new.id % 3 = 0;
      if new.id % 7 = 0 then update app.threads set n = n + 1 where id = new.thread; end if; return null; end $$;
  create constraint trigger leave_trail after insert or update of thread on app.notes deferrable initially deferred for each row execute function app.leave_trail();
  create function app.thread(_id integer) returns json language sql stable security definer set search_path = app, pg_temp as $$
    select json_build_object('thread', t.id, 'title', t.title, 'n', t.n, 'notes', (select json_agg(o order by o.id) from notes o where o.thread = t.id),
      'log', (select count(*) from log l where l.thread = t.id)) from threads t where t.id = _id $$;
  create function app.thread_topic(_id integer) returns text language sql stable security definer set search_path = app, pg_temp as $$ select 'thread/' || _id $$;
  create function app.moody(_id integer) returns json language plpgsql stable security definer set search_path = app, pg_temp as $$
    begin
      if _id = 1 then raise exception 'no'; elsif _id = 2 then assert false; elsif _id = 3 then raise query_canceled; elsif _id = 4 then perform pg_sleep(0.01);
      elsif _id = 5 then return to_json(repeat('x', 9000)); elsif _id = 6 then return null; elsif _id = 7 then return to_json(1 / (_id - 7)); end if;
      return app.thread(_id);
    end $$;
  create view app.shown as select id, title from app.threads where n >= 0 with check option;
  grant usage on schema app to writer;
  grant all on all tables in schema app to writer;
  grant all on all sequences in schema app to writer;
  insert into app.threads select n, 'title ' || n from generate_series(1, 8) n;
  insert into app.notes select n, 1 + n % 8, n, 'body' from generate_series(1, 16) n;
  insert into app.log select n, n % 2, 1 + n % 8 from generate_series(1, 16) n;`;
const WATCHES = `
  select crier.watch('app.threads', '/threads/{id}'), crier.watch('app.threads', 'title/{title}'), crier.watch('app.threads', '/threads'),
    crier.watch('app.notes', 'thread/{thread}'), crier.watch('app.notes', '/notes/{id}'), crier.watch('app.log', 'log/{thread}/{part}'), crier.watch('app.log', 'thread/{thread}'), crier.watch('app.threads', '/moody/{id}');`;
// Once: routes and reports outlive the tables.
const READERS = `
  select crier.live('/threads/{id}', 'app.thread(integer)', inline => true), crier.live('/t/{id}', 'app.thread(integer)', topic => 'app.thread_topic(integer)', inline => true),
    crier.live('/moody/{id}', 'app.moody(integer)', inline => true);
  select crier.relay_report('00000000-0000-0000-0000-000000000001', '{"name":"test","listening":true}', (
    select json_agg(json_build_object('key', replace(r.path, '{id}', n::text), 'route', r.id, 'topic', case r.path when '/t/{id}' then 'thread/' || n else replace(r.path, '{id}', n::text) end,
      'subscribers', 1, 'arguments', json_build_object('id', n::text), 'octets', 100, 'milliseconds', 1))
    from crier.routes r, generate_series(1, 14) n));
  update crier.relays set seen = now() + interval '1 hour';`;

await watcher.query(TABLES);
await watcher.query(READERS);

function random(seed) { // mulberry32
  let a = seed >>> 0;
  return (n) => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = Math.imul(a ^ (a >>> 15), a | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * n);
  };
}

// What a writer may say, in a transaction.
const WRITES = [
  (r) => `insert into app.threads values (${1 + r(14)}, 'new ${r(3)}')`,
  (r) => `insert into app.threads values (${1 + r(14)}, 'x', ${r(50)}) on conflict (id) do update set n = app.threads.n + ${r(9)}`,
  (r) => `insert into app.threads values (${20 + r(3)}, null)`,
  (r) => `insert into app.notes values (${1 + r(30)}, ${1 + r(14)}, ${1 + r(40)}, 'new')`,
  (r) => `insert into app.notes select n, ${1 + r(10)}, n + 100 from generate_series(${20 + r(20)}, ${30 + r(20)}) n on conflict do nothing`,
  (r) => `insert into app.log values (${1 + r(30)}, ${r(3)}, ${r(10)})`,
  (r) => `insert into app.log_${r(2)} values (${1 + r(30)}, ${r(2)}, ${r(10)})`,
  (r) => `update app.threads set n = n + ${1 + r(9)} where id = ${1 + r(10)}`,
  (r) => `update app.threads set title = title || '!' where id between ${1 + r(5)} and ${4 + r(5)}`,
  (r) => `update app.threads set n = (select count(*) from app.notes where thread = ${1 + r(8)}) where id = ${1 + r(8)}`,
  (r) => `update app.threads set id = ${1 + r(14)} where id = ${1 + r(8)}`,
  (r) => `update app.notes set thread = ${1 + r(12)} where id = ${1 + r(20)}`,
  (r) => `update app.notes set place = ${1 + r(30)} where id = ${1 + r(20)}`,
  (r) => `update app.notes set body = body || '.' where thread = ${1 + r(8)}`,
  (r) => `update app.notes set body = 1 / ${r(3)} where id = ${1 + r(20)}`,
  (r) => `update app.log set part = ${r(2)}, thread = ${r(10)} where id = ${1 + r(20)}`,
  (r) => `update app.shown set title = 'shown' where id = ${1 + r(10)}`,
  (r) => `delete from app.threads where id = ${1 + r(12)}`,
  (r) => `delete from app.notes where thread = ${1 + r(8)}`,
  (r) => `delete from app.log where id = ${1 + r(20)}`,
  (r) => `merge into app.notes o using (values (${1 + r(30)}), (${1 + r(30)})) s(id) on o.id = s.id
            when matched and o.id % 2 = 0 then delete when matched then update set body = 'merged' when not matched then insert values (s.id, ${1 + r(8)})`,
  (r) => `with moved as (delete from app.notes where id = ${1 + r(20)} returning *) insert into app.log select id, id % 2, thread from moved`,
  (r) => `do $$ begin update app.threads set n = n + ${r(30)} where id = ${1 + r(8)};
            begin insert into app.notes values (${1 + r(30)}, ${1 + r(14)}); exception when unique_violation then null; end; end $$`,
];
const SAYINGS = [...WRITES, ...WRITES,
  (r) => `select sum(n) from app.threads where id <= ${1 + r(8)}`,
  (r) => `select count(*) from app.notes where thread = ${1 + r(8)}`,
  (r) => `select * from app.threads where id = ${1 + r(8)} for update`,
  (r) => `select * from app.threads where id = ${1 + r(8)} for key share nowait`,
  () => 'savepoint s', () => 'savepoint s', () => 'rollback to s', () => 'release s',
  () => 'set constraints all immediate', () => 'set constraints all deferred', () => 'reset all',
  (r) => `select pg_advisory_xact_lock(${r(3)})`, (r) => `select pg_try_advisory_xact_lock_shared(${r(3)})`,
  (r) => `do $$ begin set constraints all immediate; set constraints all deferred; update app.threads set n = n + 1 where id = ${1 + r(8)}; end $$`,
  () => 'set local search_path = nowhere, pg_catalog', () => `set local timezone = 'Asia/Tokyo'`, () => `set local statement_timeout = '1h'`,
  () => 'truncate app.log_1',
];

// The next statement of a session, from its own numbers. Whoever failed mostly rolls back.
function speaker(r, level) {
  let left = 0;
  return (failed) => {
    if (failed && r(3) > 0) left = 0;
    if (failed && left === 0) return 'rollback';
    if (left === 0) {
      left = 2 + r(6);
      return `begin isolation level ${level ?? LEVELS[r(3)]}`;
    }
    left -= 1;
    if (left === 0) return r(5) === 0 ? 'rollback' : 'commit';
    const common = r(12) === 0 ? SAYINGS.length : SAYINGS.length - 1; // truncate locks everybody out: rarely
    return SAYINGS[r(common)](r);
  };
}

class Session {
  constructor(client, next) {
    Object.assign(this, { client, next, told: [], waiting: false, closing: 0 });
  }

  say(text) {
    this.waiting = true;
    this.client.query(text).then(
      ({ command, rowCount, rows }) => `${command} ${rowCount} ${JSON.stringify(rows)}`,
      (error) => (error.code === '57014' ? 'deadlock' : error.code ?? error.message),
    ).then((outcome) => {
      this.told.push(`${text.split('\n')[0]} -> ${outcome}`);
      this.waiting = false;
    });
  }

  get failed() { return / -> (deadlock|[0-9A-Z]{5})$/.test(this.told.at(-1)); }
}

// Waits until every session is idle or blocked; ends deadlocks. Returns nothing while somebody runs.
async function settled(sessions) {
  const waiting = sessions.filter((session) => session.waiting);
  if (waiting.length === 0) return true;
  const { rows } = await watcher.query('select pid, pg_blocking_pids(pid) as by from unnest($1::integer[]) pid', [waiting.map((s) => s.pid)]);
  if (sessions.filter((session) => session.waiting).length !== waiting.length) return false;
  const by = new Map(rows.map((row) => [row.pid, row.by]));
  const reaches = (from, to, seen = new Set()) => (by.get(from) ?? []).some((pid) => pid === to
    || (!seen.has(pid) && seen.add(pid) && reaches(pid, to, seen)));
  const cycle = waiting.filter((session) => reaches(session.pid, session.pid)).sort((a, b) => b.spoke - a.spoke);
  if (cycle.length > 0) {
    await watcher.query('select pg_cancel_backend($1)', [cycle[0].pid]);
    return false;
  }
  return rows.every((row) => row.by.length > 0);
}

// Plays a schedule; returns what everybody was told, and the rows at the end.
async function play(seed, level, watched) {
  await watcher.query(TABLES);
  if (watched) await watcher.query(WATCHES);
  const r = random(seed);
  const sessions = [];
  for (let i = 0; i < SESSIONS; i++) {
    const client = await cluster.connect({ user: 'writer' });
    const session = new Session(client, speaker(random(seed * 31 + i), level));
    session.pid = (await client.query('select pg_backend_pid() as pid')).rows[0].pid;
    sessions.push(session);
  }
  for (let turn = 0; turn < TURNS; turn++) {
    const session = sessions[r(SESSIONS)];
    if (session.waiting) continue;
    session.spoke = turn;
    session.say(session.next(session.failed));
    await until(() => settled(sessions), { every: 1, what: 'everybody is done or blocked' });
  }
  for (;;) { // let everybody come to an end
    const idle = sessions.filter((session) => !session.waiting && !session.ended);
    if (idle.length === 0 && sessions.every((session) => session.ended)) break;
    ok(idle.length > 0, 'somebody can go on');
    idle[0].ended = true;
    idle[0].say('commit');
    await until(() => settled(sessions), { every: 1, what: 'everybody is done or blocked' });
  }
  await Promise.all(sessions.map((session) => session.client.end()));
  const rows = await watcher.query(`select (select json_agg(t order by id) from app.threads t) as threads,
    (select json_agg(t order by id) from app.notes t) as notes, (select json_agg(t order by note, thread) from (select note, thread from app.trail) t) as trail, (select json_agg(t order by id, part) from app.log t) as log`);
  return JSON.stringify([sessions.map((session) => session.told), rows.rows], null, 1);
}

const counts = { statements: 0, races: 0, states: new Map() };
function count(outcome) {
  for (const line of JSON.parse(outcome)[0].flat()) {
    counts.statements++;
    const state = / -> (deadlock|[0-9A-Z]{5})$/.exec(line)?.[1];
    if (state) counts.states.set(state, (counts.states.get(state) ?? 0) + 1);
  }
}

function difference(a, b) {
  const [left, right] = [a.split('\n'), b.split('\n')];
  const at = left.findIndex((line, i) => line !== right[i]);
  return `first difference:\n  without: ${left.slice(Math.max(0, at - 2), at + 1).join('\n           ')}\n  with:    ${right[at]}`;
}

for (const level of [...LEVELS, undefined]) {
  test(`${level ?? 'mixed levels'}: the same with triggers as without`, async (t) => {
    for (let i = 0; i < SCHEDULES; i++) {
      const seed = SEED + i;
      const plain = new Set([await play(seed, level, false)]);
      let watched = await play(seed, level, true);
      count(watched);
      for (let attempt = 1; !plain.has(watched) && attempt < ATTEMPTS; attempt++) {
        plain.add(await play(seed, level, false));
        if (!plain.has(watched)) watched = await play(seed, level, true);
        counts.races++;
      }
      ok(plain.has(watched), `seed ${seed}: ${difference([...plain][0], watched)}`);
    }
    t.diagnostic(`seed ${SEED}, ${SCHEDULES} schedules`);
  });
}

test('the schedules were worth playing', async (t) => {
  const states = [...counts.states].map(([state, n]) => `${state} × ${n}`).sort().join(', ');
  t.diagnostic(`${counts.statements} statements, ${notifications} notifications, ${inline} of them inline, ${counts.races} schedules played again; ${states}`);
  ok(notifications > 100, 'triggers fired');
  ok(inline > 0, 'documents were built');
  const left = Number((await watcher.query('select count(*) from crier.pending')).rows[0].count);
  strictEqual(left, 0, 'nothing is left in crier.pending');
  for (const state of ['23505', '23503', '40001', '25P02']) ok(counts.states.has(state), `some ended in ${state}`);
  strictEqual(counts.states.has('XX000'), false, 'none in an internal error');
});
