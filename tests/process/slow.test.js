// slow.test.js -- clients that read slowly, or not at all.
//
// G4: who is behind and makes no progress is cut; who makes some is not. A client may be slow from its
// first document on, which libh2o writes together with the headers: until that is done the
// socket is not the relay's, and the memory must stay.

import { test } from 'node:test';
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { startApp } from '../lib/app.js';
import { patient, until } from '../lib/until.js';

const SIZE = 8_000_000; // more than the socket buffers of both sides hold
const REQUEST = 'GET /api/wide/1 HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n\r\n';
const CUT = 'pgcrier_cut_total{reason="slow"}';

const app = await startApp({
  relay: { args: ['--slow-time', `${patient(2)}s`, '--slow-rate', '8KiB'] },
  sql: `
    create function app.wide(_id integer) returns json language sql stable as $$
      select json_build_object('version', m.version, 'filler', repeat(chr(97 + m.version % 26), ${SIZE}))
      from app.moods m where id = _id
    $$;
    grant execute on function app.wide(integer) to relay;
    select crier.live('/api/wide/{id}', 'app.wide(integer)', min_interval => '200 ms');
    select crier.watch('app.moods', '/api/wide/{id}');`,
});

// Runs body() while the document changes again and again.
async function whileChanging(body) {
  let changing = true;
  const writer = (async () => {
    while (changing) {
      await app.sql('update app.moods set version = version + 1 where id = 1');
      await sleep(100);
    }
  })();
  try { await body(); } finally { changing = false; await writer; }
}

test('C01: a client that never reads its first document is cut', () => whileChanging(async () => {
  const raw = await app.raw(REQUEST, { paused: true });
  await until(async () => await app.metric(CUT) === 1, { what: 'the client is cut' });
  raw.resume(); // what is on its way comes; nothing is taken from memory that is somebody else's
  await raw.closed;
  assert.ok(raw.received.length < SIZE);
  assert.equal((await app.get('/api/notes/1')).status, 200, 'the relay lives');
}));

test('C02: a client that reads its first document slowly, but reads, is not cut', () => whileChanging(async () => {
  const cut = await app.metric(CUT);
  const raw = await app.raw(REQUEST, { paused: true });
  const began = performance.now();
  let received = 0;
  raw.socket.on('data', (piece) => { received += piece.length; raw.pause(); }); // a piece, and no more
  for (let taken = 0; taken < SIZE; taken = received) {
    raw.resume();
    await until(() => received > taken, { every: 5, what: 'more octets' });
    await sleep(patient(20));
  }
  assert.ok(performance.now() - began > patient(2000), 'all in all it took more than --slow-time');
  assert.equal(await app.metric(CUT), cut);
  raw.close();
}));
