// Bodies over HTTP/2: whole, too large, too many, too slow, given up; and that their memory comes back.

import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { startApp } from '../lib/app.js';
import { tlsArgs } from '../lib/certificate.js';
import { connect2 } from '../lib/h2.js';
import { CODE, TYPE, connectRaw, request } from '../lib/h2raw.js';
import { SANITIZED } from '../lib/relay.js';
import { until } from '../lib/until.js';

const run = promisify(execFile);
const MIB = 1 << 20;
const MAX = 2 * MIB;
const app = await startApp({
  sql: `
    create table app.uploads (octets integer, md5 text);
    create function app.upload(_octets bytea) returns json language sql volatile security definer as $$
      insert into app.uploads values (length(_octets), md5(_octets))
      returning json_build_object('octets', octets, 'md5', md5) $$;
    select crier.action('POST', '/api/upload', 'app.upload(bytea)');
    grant execute on all functions in schema app to relay`,
  relay: { args: ['--threads', '1', '--max-body', '2MiB', '--body-budget', '8MiB', ...tlsArgs()] },
});
const { relay } = app;
const uploads = () => app.cluster.value('select count(*)::integer from app.uploads');
const refused = (reason) => relay.metric(`pgcrier_http2_refused_total{reason="${reason}"}`);
const post = (more = []) => request('POST', '/api/upload', [['content-type', 'application/octet-stream'], ...more]);
const OCTETS = { 'content-type': 'application/octet-stream' };
const md5 = (bytes) => createHash('md5').update(bytes).digest('hex');

async function connect(t, { url } = relay) {
  const raw = await connectRaw(url);
  t.after(() => raw.close());
  return raw;
}

for (const [name, url] of [['h2c', () => relay.url], ['TLS', () => relay.tlsUrl]]) {
  test(`bodies of every size arrive as they are, over ${name}`, async () => {
    const client = await connect2(url());
    for (const size of [1, 255, 16_384, 16_385, 900_000, MAX]) {
      const body = randomBytes(size);
      const answer = await client.get('/api/upload', { method: 'POST', headers: OCTETS, body });
      deepStrictEqual(answer.json(), { octets: size, md5: md5(body) });
    }
    client.close();
  });
}

test('many bodies at once on one connection', async () => {
  const client = await connect2(relay.url);
  const bodies = Array.from({ length: 20 }, (_, i) => randomBytes(50_000 + i));
  const answers = await Promise.all(bodies.map((body) => client.get('/api/upload', { method: 'POST', headers: OCTETS, body })));
  answers.forEach((answer, i) => strictEqual(answer.json().md5, md5(bodies[i])));
  client.close();
});

test('Expect: 100-continue is answered before the body comes', async (t) => {
  const raw = await connect(t);
  raw.headers(1, post([['expect', '100-continue']]), { end: false });
  await raw.until(() => raw.of(1, TYPE.HEADERS).length === 1);
  strictEqual(raw.status(1), 100);
  raw.data(1, Buffer.from('abc'), true);
  await raw.until(() => raw.ended(1));
  strictEqual(JSON.parse(raw.body(1)).octets, 3);
});

test('C19 a content-length beyond the limit is a 413 before a single octet, and curl hears it', async (t) => {
  const before = await refused('body');
  const raw = await connect(t);
  raw.headers(1, post([['content-length', String(MAX + 1)]]), { end: false });
  await raw.until(() => raw.ended(1));
  strictEqual(raw.status(1), 413);
  strictEqual(await refused('body'), before + 1);
  const { stdout } = await run('bash', ['-c', `head -c ${MAX + 1} /dev/zero | curl -s -o /dev/null -w '%{http_code}' --http2-prior-knowledge `
    + `-H 'Content-Type: application/octet-stream' --data-binary @- ${relay.url}/api/upload`]);
  strictEqual(stdout, '413');
});

test('C19 a body that goes beyond the limit without having said so is a 413, and the connection goes on', async (t) => {
  const raw = await connect(t);
  raw.headers(1, post(), { end: false });
  const piece = Buffer.alloc(16_384);
  for (let sent = 0; sent < MAX + piece.length; sent += piece.length) {
    raw.data(1, piece);
    const window = 200_000;
    if (sent > window) await raw.until((frames) => frames.filter((f) => f.type === TYPE.WINDOW_UPDATE && f.id === 1)
      .reduce((sum, f) => sum + f.payload.readUInt32BE(0), 0) + window >= sent || raw.ended(1));
  }
  await raw.until(() => raw.ended(1));
  strictEqual(raw.status(1), 413);
  raw.data(1, piece, true);
  raw.headers(3, post(), { end: false });
  raw.data(3, Buffer.from('abc'), true);
  await raw.until(() => raw.ended(3));
  strictEqual(raw.status(3), 200);
});

test('C19 who goes on sending a refused body is reset', async (t) => {
  const raw = await connect(t);
  raw.headers(1, post([['content-length', String(MAX * 10)]]), { end: false });
  await raw.until(() => raw.ended(1));
  const piece = Buffer.alloc(16_000);
  let allowed = 256 * 1024;
  for (let sent = 0; raw.resetCode(1) === undefined && sent < 8 * MIB; sent += piece.length) {
    await raw.until((frames) => {
      allowed = 256 * 1024 + frames.filter((f) => f.type === TYPE.WINDOW_UPDATE && f.id === 1).reduce((sum, f) => sum + f.payload.readUInt32BE(0), 0);
      return allowed >= sent + piece.length || raw.resetCode(1) !== undefined;
    });
    raw.data(1, piece);
  }
  await raw.until(() => raw.resetCode(1) !== undefined);
  strictEqual(raw.resetCode(1), CODE.NO_ERROR);
});

test('C19 more than the budget for all bodies is a 503, and what was held comes back', async (t) => {
  const before = await refused('budget');
  const memory = await relay.memory();
  const raws = await Promise.all(Array.from({ length: 6 }, () => connect(t)));
  for (const raw of raws) {
    raw.headers(1, post([['content-length', String(MAX)]]), { end: false });
    const piece = Buffer.alloc(16_000, 1);
    for (let sent = 0; sent < MAX - 32_000 && raw.status(1) === undefined; sent += piece.length) {
      await raw.until((frames) => sent + piece.length <= 250_000 || raw.status(1) !== undefined
        || frames.filter((f) => f.type === TYPE.WINDOW_UPDATE && f.id === 1).reduce((sum, f) => sum + f.payload.readUInt32BE(0), 250_000) >= sent + piece.length);
      raw.data(1, piece);
    }
  }
  await until(async () => await refused('budget') > before);
  await until(() => raws.some((raw) => raw.status(1) === 503));
  ok(raws.some((raw) => raw.status(1) === undefined), 'the first are still welcome');
  raws.forEach((raw) => raw.close());
  if (!SANITIZED) await until(async () => await relay.memory() - memory < 4 * MIB, { what: 'memory is back' });
  const client = await connect2(relay.url);
  strictEqual((await client.get('/api/upload', { method: 'POST', headers: OCTETS, body: Buffer.alloc(MAX) })).status, 200);
  client.close();
});

test('C22 a body given up half-way: the function is not called', async (t) => {
  const before = await uploads();
  const raw = await connect(t);
  raw.headers(1, post(), { end: false });
  raw.data(1, Buffer.alloc(10_000));
  raw.reset(1);
  raw.headers(3, post(), { end: false });
  raw.data(3, Buffer.alloc(10_000));
  raw.headers(5, post(), { end: false });
  raw.data(5, Buffer.from('x'), true);
  await raw.until(() => raw.ended(5));
  raw.cut();
  await until(async () => await relay.metric('pgcrier_http2_streams') === 0);
  strictEqual(await uploads(), before + 1);
});

test('C23 a body below --slow-rate is a 408; one that keeps it may take longer than --head-time', async (t) => {
  const impatient = await app.startRelay({ args: ['--threads', '1', '--max-body', '2MiB', '--head-time', '2s', '--slow-rate', '16KiB'] });
  const before = await uploads();
  const [slow, steady] = [await connect(t, impatient), await connect(t, impatient)];
  slow.headers(1, post(), { end: false });
  steady.headers(1, post(), { end: false });
  const began = performance.now();
  const trickle = setInterval(() => slow.data(1, Buffer.from('x')), 100);
  // It begins with what is 15 s' worth: should this process stop for a moment, it is not the slow one.
  let sent = 0;
  const piece = Buffer.alloc(16_000);
  const go = () => { steady.data(1, piece); sent += piece.length; };
  while (sent < 240_000) go();
  const allowed = () => 256 * 1024 + steady.of(1, TYPE.WINDOW_UPDATE).reduce((sum, f) => sum + f.payload.readUInt32BE(0), 0);
  const flow = setInterval(() => { if (sent + piece.length <= Math.min(allowed(), MAX)) go(); }, 100);
  t.after(() => { clearInterval(trickle); clearInterval(flow); });
  await slow.until(() => slow.status(1) === 408);
  await until(() => performance.now() - began > 4500, { what: 'more than --head-time and its sweep' });
  clearInterval(flow);
  steady.data(1, Buffer.alloc(0), true);
  await steady.until(() => steady.ended(1));
  strictEqual(steady.status(1), 200);
  strictEqual(await uploads(), before + 1);
});

test('C23 with --slow-rate 0 no body is slow, as over HTTP/1.1', async (t) => {
  const patient = await app.startRelay({ args: ['--threads', '1', '--head-time', '2s', '--slow-rate', '0'] });
  const raw = await connect(t, patient);
  raw.headers(1, post(), { end: false });
  raw.data(1, Buffer.from('a'));
  await until(async () => await patient.metric('pgcrier_http2_streams') === 1);
  await sleep(3200); // more than --head-time and a sweep
  raw.data(1, Buffer.from('b'), true);
  await raw.until(() => raw.ended(1));
  strictEqual(raw.status(1), 200);
});
