// HTTP/2 clients that do anything at any moment; the sanitizer build, which recycles no memory, sees
// what the relay does with it.
//
// Control: with the bytes of a write taken from the streams themselves, instead of copied, and streams
// freed at once, AddressSanitizer reports a use after free within seconds.

import { strictEqual } from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { startApp } from '../lib/app.js';
import { certificate, tlsArgs } from '../lib/certificate.js';
import { PREFACE, TYPE, block, connectRaw, frame, get, request, settings, uint32 } from '../lib/h2raw.js';
import { until } from '../lib/until.js';

const SECONDS = Number(process.env.PGCRIER_CHURN_SECONDS ?? 6);
const seed = Number(process.env.PGCRIER_SEED ?? Math.floor(Math.random() * 2 ** 31));
console.log(`# seed ${seed} (PGCRIER_SEED)`);

const app = await startApp({
  sql: `
    create function app.large(_id integer) returns json language sql stable as $$
      select json_build_object('n', n.body, 'text', repeat('x', 100000)) from app.notes n where n.id = _id $$;
    select crier.live('/api/large/{id}', 'app.large(integer)', min_interval => '0');
    select crier.watch('app.notes', '/api/large/{id}');
    create function app.upload(_octets bytea) returns json language sql as $$ select to_json(length(_octets)) $$;
    select crier.action('POST', '/api/upload', 'app.upload(bytea)');
    create function app.slow() returns json language sql stable as $$ select to_json(pg_sleep(0.02)::text) $$;
    select crier.live('/api/slow', 'app.slow()');
    grant execute on all functions in schema app to relay`,
  relay: { args: ['--public', '.', '--max-resets', '10000', ...tlsArgs(certificate())] },
});
const { relay } = app;

// Mulberry32, so that a seed tells the whole story of the clients.
let state = seed;
function random(n) {
  state = (state + 0x6d2b79f5) | 0;
  let t = Math.imul(state ^ (state >>> 15), 1 | state);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) % n;
}
const pick = (list) => list[random(list.length)];

const SSE = [['accept', 'text/event-stream']];
const asks = [
  () => get('/api/notes/1', SSE), () => get('/api/large/1', SSE), () => get('/api/large/2', SSE), () => get('/api/large/1'),
  () => get('/package-lock.json'), () => get('/api/slow'), () => get('/api/slow', SSE), () => get('/nothing'),
  () => request('HEAD', '/api/large/1'), () => request('DELETE', '/api/notes/1'), () => request('OPTIONS', '*'),
];

function act(raw, client) {
  const known = 1 + 2 * random(Math.max(1, client.opened));
  switch (random(9)) {
    case 0: case 1: case 2:
      raw.headers(1 + 2 * client.opened, pick(asks)());
      client.opened += 1;
      break;
    case 3:
      raw.headers(1 + 2 * client.opened, request('POST', '/api/upload', [['content-type', 'application/octet-stream']]), { end: false });
      raw.data(1 + 2 * client.opened, randomBytes(random(16_000)), random(2) === 0);
      client.opened += 1;
      break;
    case 4: case 5: if (client.opened) raw.reset(known, pick([0, 2, 5, 8, 0x70676372])); break;
    case 6: if (client.opened) raw.update(known, 1 + random(200_000)); break;
    case 7: raw.update(0, 1 + random(300_000)); break;
    default: raw.write(settings({ 4: pick([0, 1, 1000, 65_535, 1_000_000]) }));
  }
}

// One connection: does things, perhaps reads, and leaves in its own manner.
async function visit() {
  const raw = await connectRaw(pick([relay.url, relay.tlsUrl]), { paused: random(3) === 0, settings: { 4: pick([0, 1, 5000, 65_535, 10_000_000]) } });
  const client = { opened: 0 };
  for (let i = 20 + random(60); i > 0 && !raw.over; i -= 1) {
    act(raw, client);
    if (random(4) === 0) await sleep(random(6));
    if (random(30) === 0) raw.resume();
  }
  if (random(3) === 0 && raw.socket.resetAndDestroy && !raw.socket.encrypted) raw.cut();
  else raw.close();
  return client.opened;
}

async function forSeconds(run, clients) {
  const end = performance.now() + SECONDS * 1000;
  await Promise.all(Array.from({ length: clients }, async () => { while (performance.now() < end && !relay.result) await run(); }));
}

async function allGone() {
  for (const name of ['http2_streams', 'http2_connections', 'subscribers', 'keys']) {
    await until(async () => await relay.metric(`pgcrier_${name}`) === 0, { what: `no ${name}` });
  }
  strictEqual((await app.get('/api/notes/1')).status, 200);
}

test('C08 streams that are opened, read or not, reset and closed with writes in flight', async () => {
  let opened = 0;
  let writing = true;
  const writer = (async () => {
    for (let i = 0; writing; i += 1) {
      await app.sql('update app.notes set body = $1', [`x${i}`]);
      await sleep(3);
    }
  })();
  await forSeconds(async () => { opened += await visit(); }, 24);
  while (opened <= 500 && !relay.result) opened += await visit(); // a slow machine
  writing = false;
  await writer;
  await allGone();
});

// Frames whose headers make sense and whose rest does not.
function nonsense() {
  const type = pick([...Object.values(TYPE), 0x10, 0xbe]);
  const fits = { [TYPE.PRIORITY]: 5, [TYPE.RST_STREAM]: 4, [TYPE.SETTINGS]: 6, [TYPE.PING]: 8, [TYPE.WINDOW_UPDATE]: 4, [TYPE.GOAWAY]: 8 };
  const length = random(5) && fits[type] !== undefined ? fits[type] : random(200);
  let payload = Buffer.from(Array.from({ length }, () => random(256)));
  if (type === TYPE.HEADERS && random(4)) payload = block(pick(asks)());
  if (type === TYPE.WINDOW_UPDATE && random(2)) payload = uint32(random(70_000));
  return frame({ type, flags: random(3) ? pick([0, 1, 4, 5]) : random(256), id: random(3) ? random(12) : random(2) ? 0 : random(2 ** 31), payload });
}

test('C18 random frames', async () => {
  await forSeconds(async () => {
    const raw = await connectRaw(pick([relay.url, relay.url, relay.tlsUrl]), { greet: false });
    raw.write(random(20) ? PREFACE : PREFACE.subarray(0, random(24)), random(20) ? settings({ 1: random(5000), 4: random(2 ** 31) }) : Buffer.alloc(0));
    for (let i = random(40); i > 0 && !raw.over; i -= 1) {
      const bytes = nonsense();
      const cut = random(10) ? 0 : random(bytes.length); // and now and then in two pieces
      if (cut) { raw.write(bytes.subarray(0, cut)); await sleep(random(3)); }
      raw.write(bytes.subarray(cut));
    }
    await raw.drained();
    raw.close();
  }, 8);
  await allGone();
});
