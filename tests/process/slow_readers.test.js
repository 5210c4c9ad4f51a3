// Who reads slowly, or not at all, or leaves: what it costs the relay and the others (G4).

import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { startApp } from '../lib/app.js';
import { SANITIZED } from '../lib/relay.js';
import { patient, until } from '../lib/until.js';

const LARGE = 100_000;    // octets that the kernel's buffers hold
const HUGE = 4_000_000;   // octets that they do not, where nobody reads
const MIB = 1 << 20;

const app = await startApp({
  relay: { args: ['--heartbeat', '10min'] }, // who leaves is noticed without
  sql: `
    create table app.state (id integer primary key, n integer not null);
    create function app.state(_id integer, _octets integer) returns json language sql stable as $$
      select json_build_object('n', s.n, 'text', repeat('x', _octets - 30), 'end', s.n) from app.state s where s.id = _id
    $$;
    select crier.live('/api/state/{id}', 'app.state(integer, integer)', min_interval => '0');
    select crier.watch('app.state', '/api/state/{id}');
    insert into app.state select id, 0 from generate_series(1, 20) id;
    grant select on app.state to relay;
    grant execute on all functions in schema app to relay`,
});
let ids = 0;

// The relay looks after its slow readers once a second.
const aSweep = () => sleep(patient(1_200));

// A document of its own for each test, and how to change it.
function newState(octets) {
  const id = ids += 1;
  let n = 0;
  return {
    path: `/api/state/${id}?octets=${octets}`,
    get n() { return n; },
    async change() { n += 1; await app.sql('update app.state set n = $2 where id = $1', [id, n]); },
  };
}

const request = (state) => `GET ${state.path} HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n\r\n`;
const counted = (relay, reason) => relay.metric(`pgcrier_cut_total{reason="${reason}"}`);
const has = (relay, n) => until(async () => await relay.metric('pgcrier_subscribers') === n, { what: `${n} subscribers` });

// Wakes one that does not read: does it get to the newest document, or is its connection closed?
async function isCut(raw, n) {
  raw.resume();
  return until(() => {
    if (raw.received.subarray(-1000).includes(`"end" : ${n}}`)) return 'there';
    return raw.over && 'cut';
  }, { what: 'the newest document, or the end of the connection' }).then((how) => how === 'cut');
}

// Opens a stream that is not read.
async function openSleeper(relay, state) {
  const before = await relay.metric('pgcrier_subscribers');
  const raw = await app.raw(request(state), { paused: true }, relay);
  await has(relay, before + 1);
  return raw;
}

test('C01: those who never read cost no memory, and those who read converge', async () => {
  const readers = 200;
  const sleepers = 100;
  const state = newState(LARGE);
  const crowd = await app.crowd(state.path, { readers, sleepers });
  await crowd.all();
  await has(app.relay, readers + sleepers);
  const before = await app.relay.memory();
  let frames = 0;
  let largest = 0;
  for (let i = 0; i < 400; i += 1) {
    const began = performance.now();
    await state.change();
    frames = Math.max(frames, await app.metric('pgcrier_frame_bytes'));
    largest = Math.max(largest, await app.relay.memory());
    await sleep(Math.max(0, 20 - (performance.now() - began)));
  }
  await crowd.all((event) => event.data.startsWith(`{"n" : ${state.n},`), { limit: 120_000 });
  const report = await crowd.report();
  strictEqual(report.reading, readers, 'no reader is cut');
  strictEqual(report.now.length, 1, 'all readers have the same');
  ok(report.now[0].octets >= LARGE - 30, 'a whole document');
  ok(frames < 5 * MIB, `at most ${frames} octets of frames at once`);
  ok(SANITIZED || largest - before < 12 * MIB, `the memory grew by ${largest - before} octets`);
  // Each of those who sleep holds one frame; who fell asleep on the same one shares it.
  await until(async () => await app.metric('pgcrier_frame_bytes') < 1 * MIB, { what: 'the frames are gone' });
  await crowd.stop();
  await has(app.relay, 0);
});

test('C02: a reader below the slow rate is cut while a newer document waits, and no other', async () => {
  const relay = await app.startRelay({ args: ['--slow-rate', '8KiB', '--slow-time', '3s', '--heartbeat', '200ms'] });
  const state = newState(HUGE);
  const idle = newState(HUGE);
  const reader = await app.crowd(state.path, { readers: 1 }, relay);
  await reader.all();
  const asleep = await openSleeper(relay, state);
  const content = await openSleeper(relay, idle); // in the middle of a document too, but of the newest
  const slow = await openSleeper(relay, state);
  const sips = setInterval(() => { slow.resume(); setImmediate(() => slow.pause()); }, 150).unref();

  await state.change();
  await until(async () => await counted(relay, 'slow') === 1, { what: 'one is cut' });
  strictEqual(await isCut(asleep, 1), true);
  await reader.all((event) => event.data.startsWith('{"n" : 1,'));
  clearInterval(sips);
  strictEqual(await isCut(slow, 1), false);
  strictEqual(await isCut(content, 0), false);
  strictEqual(await counted(relay, 'slow'), 1);
  for (const raw of [slow, content]) raw.close();
  await reader.stop();
  await relay.stop();
});

// What a Unix socket has passed on nobody can tell; behind it is a proxy, and its clients may be slow.
test('C02: who reads slowly, but reads, is not cut behind a Unix socket', async (t) => {
  const place = mkdtempSync(join(tmpdir(), 'pgcrier-slow-'));
  const path = join(place, 'socket');
  t.after(() => rmSync(place, { recursive: true, force: true }));
  const relay = await app.startRelay({ args: ['--slow-rate', '8KiB', '--slow-time', '3s', '--listen', `unix:${path}`] });
  const state = newState(HUGE);
  const socket = connect(path);
  let octets = 0;
  let end = '';
  let over = false;
  const take = (bytes) => { octets += bytes?.length ?? 0; end = (end + (bytes ?? '')).slice(-1000); };
  socket.on('readable', () => {}); // from now on it is read by read() alone
  socket.on('error', () => {});
  socket.on('close', () => { over = true; });
  t.after(() => socket.destroy());
  socket.write(request(state));
  const sips = setInterval(() => take(socket.read(Math.min(40_000, socket.readableLength) || undefined)), 100).unref();
  await until(() => octets !== 0);
  await state.change();
  await until(() => octets > HUGE / 3 || over, { what: 'a third of the document, in sips' });
  clearInterval(sips);
  socket.removeAllListeners('readable');
  socket.on('data', take);
  socket.resume();
  await until(() => end.includes(`"end" : ${state.n}}`) || over, { what: 'the newest document' });
  ok(!over, 'it is not cut');
  strictEqual(await counted(relay, 'slow'), 0);
});

test('over the budget, those who have held an old document longest are cut', async () => {
  const relay = await app.startRelay({ args: ['--frame-budget', '13MB', '--slow-time', '1min'] });
  const state = newState(HUGE);
  const reader = await app.crowd(state.path, { readers: 1 }, relay);
  await reader.all();
  const asleep = [];
  // Two by two they fall asleep over the same document; three documents fit into the budget.
  for (let i = 0; i < 4; i += 1) {
    asleep.push(await openSleeper(relay, state), await openSleeper(relay, state));
    await state.change();
    await reader.all((event) => event.data.startsWith(`{"n" : ${state.n},`));
  }
  await until(async () => await counted(relay, 'budget') === 2, { what: 'two are cut' });
  ok(await relay.metric('pgcrier_stale_frame_bytes') < 13_000_000);
  await aSweep();
  deepStrictEqual(await Promise.all(asleep.map((raw) => isCut(raw, state.n))), [true, true, false, false, false, false, false, false]);
  for (const raw of asleep) raw.close();
  await reader.stop();
  await relay.stop();
});

for (const [how, leave] of [['FIN', (raw) => raw.socket.end()], ['RST', (raw) => raw.reset()]]) {
  test(`a client that leaves by ${how} is noticed at once, not at the next heartbeat`, async () => {
    const state = newState(100);
    const raw = await app.raw(request(state));
    await raw.until((text) => text.includes('data: '));
    await has(app.relay, 1);
    const closed = await app.metric('pgcrier_closed_total');
    leave(raw);
    await until(async () => await app.metric('pgcrier_subscribers') === 0, { what: 'nobody is subscribed' });
    strictEqual(await app.metric('pgcrier_closed_total') - closed, 1);
  });
}

test('one that leaves in the middle of a document is noticed, too', async () => {
  const state = newState(HUGE);
  const raw = await openSleeper(app.relay, state);
  raw.reset();
  await has(app.relay, 0);
});
