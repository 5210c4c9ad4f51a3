// HTTP/2 over time: a drain, downloads beside streams, tools that press hard.

import { deepStrictEqual, match, ok, strictEqual } from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { promisify } from 'node:util';
import { setTimeout as sleep } from 'node:timers/promises';
import { startApp } from '../lib/app.js';
import { certificate, tlsArgs } from '../lib/certificate.js';
import { PASS, gateOf } from '../lib/gate.js';
import { connect2 } from '../lib/h2.js';
import { CODE, TYPE, block, connectRaw, frame, get, request } from '../lib/h2raw.js';
import { patient, until, within } from '../lib/until.js';

const run = promisify(execFile);
const MIB = 1 << 20;
const place = mkdtempSync(join(tmpdir(), 'pgcrier-public-'));
after(() => rmSync(place, { recursive: true, force: true }));
const BIG = randomBytes(30 * MIB);
writeFileSync(join(place, 'big'), BIG);
writeFileSync(join(place, 'mid'), BIG.subarray(0, MIB));

const pem = certificate();
const app = await startApp({
  relay: false,
  sql: `
    create function app.upload(_octets bytea) returns json language sql as $$ select to_json(length(_octets)) $$;
    select crier.action('POST', '/api/upload', 'app.upload(bytea)');
    create function app.large(_id integer) returns json language sql stable as $$
      select json_build_object('n', n.body, 'text', repeat('x', 300000)) from app.notes n where n.id = _id $$;
    select crier.live('/api/large/{id}', 'app.large(integer)');
    create function app.wordy() returns crier.response language sql as $$
      select row(200, jsonb_build_object('x-words', repeat('w', 70000)), null, null)::crier.response $$;
    select crier.action('POST', '/api/wordy', 'app.wordy()');
    select crier.watch('app.notes', '/api/large/{id}');
    create table app.done (at timestamptz default now());
    create function app.do() returns void language sql security definer as $$ insert into app.done default values $$;
    select crier.action('POST', '/api/done', 'app.do()');
    create function app.slow() returns json language sql stable as $$ select to_json(1) from ${PASS} $$;
    select crier.live('/api/slow', 'app.slow()');
    grant execute on all functions in schema app to relay`,
});
const startRelay = (...args) => app.startRelay({ args: ['--public', place, ...tlsArgs(pem), ...args] });

test('P01 a drain over HTTP/2: two GOAWAYs; what was opened before is served, what comes after is not', async () => {
  const relay = await startRelay('--drain', '5min');
  const raw = await connectRaw(relay.url);
  raw.headers(1, request('POST', '/api/upload', [['content-type', 'application/octet-stream']]), { end: false });
  raw.data(1, Buffer.alloc(1000));
  await until(async () => await relay.metric('pgcrier_http2_streams') === 1);
  relay.signal('SIGTERM');
  await raw.until((frames) => frames.filter(({ type }) => type === TYPE.GOAWAY).length === 2, 'both GOAWAYs');
  strictEqual(raw.goaway, CODE.NO_ERROR);
  raw.headers(3, get('/api/notes/1')); // too late
  raw.data(1, Buffer.alloc(1000), true);
  await raw.until(() => raw.ended(1));
  strictEqual(raw.status(1), 200);
  strictEqual(raw.body(1).toString(), '2000');
  await raw.closed;
  strictEqual(raw.status(3), undefined);
  strictEqual((await within(relay.exit, 'exit')).code, 0);
});

// While the kernel takes nothing, nothing can be said, and requests still come.
test('P01 a drain over HTTP/2: what its GOAWAY says was not processed is not done', async () => {
  await app.sql('truncate app.done');
  const relay = await startRelay('--drain', '5min', '--threads', '1');
  const raw = await connectRaw(relay.url, { settings: { 4: 60 * MIB } });
  raw.update(0, 60 * MIB);
  raw.headers(1, get('/big'));
  await raw.until(() => raw.of(1, TYPE.DATA).length > 0);
  raw.pause();
  await sleep(500); // and now it takes nothing
  relay.signal('SIGTERM');
  await relay.hears(/draining/);
  await sleep(1000); // both GOAWAYs are to be sent
  raw.headers(3, request('POST', '/api/done'));
  await raw.drained();
  raw.resume();
  await raw.closed;
  strictEqual((await relay.exit).code, 0);
  const [last] = raw.frames.filter(({ type }) => type === TYPE.GOAWAY).slice(-1);
  const done = await app.cluster.value('select count(*)::integer from app.done');
  strictEqual(done, last.payload.readUInt32BE(0) >= 3 ? 1 : 0, `of the streams up to ${last.payload.readUInt32BE(0)}`);
});

test('P01 a drain waits longer for the first request of a connection than for one more', async () => {
  const goaways = (raw) => raw.frames.filter(({ type }) => type === TYPE.GOAWAY).length;
  let served = false;
  for (let tries = 0; tries < 15 && !served; tries += 1) { // a slow machine may miss the moment
    const relay = await startRelay();
    const [asked, fresh] = [await connectRaw(relay.url), await connectRaw(relay.url)];
    asked.headers(1, get('/api/notes/1'));
    await asked.until(() => asked.ended(1));
    await until(async () => await relay.metric('pgcrier_http2_connections') === 2);
    relay.signal('SIGTERM');
    await asked.until(() => goaways(asked) === 2, 'both GOAWAYs');
    fresh.headers(1, get('/api/notes/1'));
    await fresh.closed;
    served = fresh.status(1) === 200;
    strictEqual((await within(relay.exit, 'exit')).code, 0);
  }
  ok(served);
});

// What it says meanwhile, about its window, would be answered with a reset, and the rest be lost.
test('P01 who takes the last answer slowly gets all of it, though the connection has ended', async () => {
  const LAST = 100_000; // the kernel has all of it at once
  writeFileSync(join(place, 'last'), BIG.subarray(0, LAST));
  for (let tries = 0; ; tries += 1) {
    ok(tries < 20, 'a machine that is not slower than this can test');
    const relay = await startRelay();
    const raw = await connectRaw(relay.url, { settings: { 4: MIB } });
    raw.update(0, MIB);
    raw.headers(1, get('/last'));
    await raw.until(() => raw.status(1) === 200);
    raw.pause();
    await until(async () => await relay.metric('pgcrier_http2_streams') === 0);
    relay.signal('SIGTERM');
    let slowest = 0;
    for (let step = 0; step < 6; step += 1) { // it has two seconds after each
      const began = performance.now();
      await sleep(700);
      raw.update(0, 1);
      slowest = Math.max(slowest, performance.now() - began);
    }
    raw.resume();
    await Promise.all([raw.closed, relay.exit]);
    if (slowest > 1500) continue;
    deepStrictEqual([raw.body(1).length, raw.goaway], [LAST, CODE.NO_ERROR]);
    return;
  }
});

test('P01 a drain cuts what does not end within --drain', async () => {
  const relay = await startRelay('--drain', '1s');
  const raw = await connectRaw(relay.url, { settings: { 4: 0 } });
  raw.headers(1, get('/big'));
  await raw.until(() => raw.status(1) === 200);
  const began = performance.now();
  relay.signal('SIGTERM');
  strictEqual((await within(relay.exit, 'exit')).code, 0);
  ok(performance.now() - began < 8500, 'not after the 9 s of the default');
  raw.close();
});

for (const [name, url] of [['h2c', (relay) => relay.url], ['TLS', (relay) => relay.tlsUrl]]) {
  test(`a stream is not starved by downloads on its connection, over ${name}`, async (t) => {
    const relay = await startRelay('--threads', '1');
    const raw = await connectRaw(url(relay), { settings: { 4: 0x7fffffff } });
    t.after(() => raw.close());
    raw.update(0, 0x40000000);
    raw.headers(1, get('/api/notes/1', [['accept', 'text/event-stream']]));
    await raw.until(() => raw.body(1).length > 0);
    const witness = await app.stream(`${relay.url}/api/notes/1`);
    // Five downloads at any time: where one has ended another begins, and what they brought is forgotten.
    let [running, next] = [0, 3];
    const goOn = () => {
      const downloads = raw.frames.filter(({ id, type }) => id > 1 && type === TYPE.DATA);
      raw.frames = raw.frames.filter(({ id, type }) => id <= 1 || type !== TYPE.DATA);
      running -= downloads.filter(({ flags }) => flags & 1).length;
      const octets = downloads.reduce((sum, { payload }) => sum + payload.length, 0);
      if (octets) raw.update(0, octets);
      for (; running < 5; running += 1, next += 2) raw.headers(next, get('/big'));
    };
    raw.waiters.add(goOn);
    goOn();
    // An event is never behind more than what is on its way already, as far as sockets hold that.
    for (let i = 0; i < 5; i += 1) {
      const body = `beside ${name} ${i}`;
      await app.sql('update app.notes set body = $1 where id = 1', [body]);
      await witness.untilDocument((d) => d.body === body);
      const before = raw.octets;
      await raw.until(() => raw.body(1).includes(body), body);
      ok(raw.octets - before < 32 * MIB, `${raw.octets - before} octets later`);
    }
  });
}

test('what little a client takes is the event first, then the downloads', async (t) => {
  const relay = await startRelay('--threads', '1');
  const raw = await connectRaw(relay.url, { settings: { 4: 0x7fffffff } });
  t.after(() => raw.close());
  raw.headers(1, get('/api/notes/1', [['accept', 'text/event-stream']]));
  await raw.until(() => raw.body(1).length > 0);
  const witness = await app.stream(`${relay.url}/api/notes/1`); // told after the first, by the same thread
  await witness.next();
  for (let id = 3; id < 63; id += 2) raw.headers(id, get('/big'));
  const data = () => raw.frames.filter(({ type }) => type === TYPE.DATA);
  const taken = () => data().reduce((sum, { payload }) => sum + payload.length, 0);
  await raw.until(() => taken() === 65_535, 'the window of the connection is used up');
  const before = data().length;
  await app.sql("update app.notes set body = 'first' where id = 1");
  await witness.next();
  raw.update(0, 10);
  await raw.until(() => taken() === 65_545);
  strictEqual(data()[before].id, 1);
});

test('downloads share a connection fairly', async (t) => {
  const relay = await startRelay();
  const raw = await connectRaw(relay.url, { settings: { 4: 0x7fffffff } });
  t.after(() => raw.close());
  raw.update(0, 0x7fff0000 - 65535);
  for (let id = 1; id < 9; id += 2) raw.headers(id, get('/big'));
  await raw.until(() => raw.body(7).length > 4 * MIB);
  const lengths = [1, 3, 5, 7].map((id) => raw.body(id).length);
  ok(Math.max(...lengths) - Math.min(...lengths) < MIB, `${lengths}`);
});

// A turn begins 128 of them. Those that wait for the database do not bring the connection its next turn.
test('C17 250 requests in one write, then silence: all begin, though none of the first is answered', async (t) => {
  const relay = await startRelay();
  const gate = gateOf(app.cluster);
  const raw = await connectRaw(relay.url);
  t.after(() => raw.close());
  const ids = Array.from({ length: 250 }, (_, i) => 2 * i + 1);
  await gate.shut();
  try {
    raw.write(...ids.map((id, i) => frame({ type: TYPE.HEADERS, flags: 5, id, payload: block(get(i < 150 ? '/api/slow' : '/mid')) })));
    await raw.until(() => ids.slice(150).every((id) => raw.status(id) === 200), 'the files are answered');
    ok(ids.slice(0, 150).every((id) => raw.status(id) === undefined));
  } finally {
    await gate.open();
  }
  await raw.until(() => ids.every((id) => raw.status(id) === 200), 'all are answered');
});

test('h2load and nghttp, with windows of every size', async () => {
  const relay = await startRelay();
  const load = async (...args) => (await run('h2load', args)).stdout;
  match(await load('-n', '5000', '-c', '10', '-m', '50', `${relay.url}/api/notes/1`), /5000 succeeded, 0 failed, 0 errored/);
  match(await load('-n', '3000', '-c', '10', '-m', '50', `${relay.tlsUrl}/api/notes/1`), /3000 succeeded, 0 failed, 0 errored/);
  match(await load('-n', '60', '-c', '3', '-m', '20', '-w', '12', '-W', '13', `${relay.tlsUrl}/mid`), /60 succeeded, 0 failed, 0 errored/);
  for (const bits of ['1', '10', '16', '30']) {
    const target = bits === '1' ? '/api/notes/1' : '/mid';
    const { stdout } = await run('nghttp', ['-w', bits, '-W', bits, `${relay.url}${target}`], { encoding: 'buffer', maxBuffer: 4 * MIB });
    if (target === '/mid') ok(stdout.equals(BIG.subarray(0, MIB)), `window of 2^${bits} - 1`);
    else ok(stdout.includes('"body"'));
  }
});

test('a window that changes under way moves every stream', async (t) => {
  const relay = await startRelay();
  const raw = await connectRaw(relay.url, { settings: { 4: 10_000 } });
  t.after(() => raw.close());
  for (const id of [1, 3]) raw.headers(id, get('/mid'));
  await raw.until(() => raw.body(1).length === 10_000 && raw.body(3).length === 10_000);
  raw.write(Buffer.from('000006040000000000000400004e20', 'hex')); // SETTINGS: 20,000
  await raw.until(() => raw.body(1).length === 20_000 && raw.body(3).length === 20_000);
  raw.write(Buffer.from('0000060400000000000004000003e8', 'hex')); // 1,000: below zero by 19,000
  raw.ping();
  await raw.until((frames) => frames.some(({ type }) => type === TYPE.PING));
  raw.update(1, 19_000);
  raw.update(3, 19_001);
  await raw.until(() => raw.body(3).length === 20_001);
  strictEqual(raw.body(1).length, 20_000);
  raw.update(0, MIB * 2);
  raw.update(1, MIB);
  await raw.until(() => raw.ended(1));
  ok(raw.body(1).equals(BIG.subarray(0, MIB)));
});

test('the window of the connection holds for all streams together, to the octet', async (t) => {
  const relay = await startRelay();
  const raw = await connectRaw(relay.url, { settings: { 4: 0x7fffffff } });
  t.after(() => raw.close());
  for (const id of [1, 3, 5]) raw.headers(id, get('/mid'));
  const octets = () => [1, 3, 5].reduce((sum, id) => sum + raw.body(id).length, 0);
  for (const [more, total] of [[0, 65_535], [1, 65_536], [100_000, 165_536]]) {
    if (more) raw.update(0, more);
    await raw.until(() => octets() >= total);
    const pings = raw.frames.filter(({ type }) => type === TYPE.PING).length;
    raw.ping();
    await raw.until((frames) => frames.filter(({ type }) => type === TYPE.PING).length > pings);
    strictEqual(octets(), total);
  }
});

test('a stream that has ended well ends once: no reset follows its last frame', async (t) => {
  const relay = await startRelay();
  const raw = await connectRaw(relay.url);
  t.after(() => raw.close());
  raw.update(0, 10 * MIB);
  const SSE = [['accept', 'text/event-stream']];
  [get('/api/notes/1'), get('/nothing'), get('/api/notes/1', SSE), request('HEAD', '/mid'), request('DELETE', '/api/notes/1')]
    .forEach((fields, i) => raw.headers(2 * i + 1, fields));
  await raw.until(() => [1, 3, 7, 9].every((id) => raw.ended(id)) && raw.body(5).length > 0);
  relay.signal('SIGTERM'); // ends the event stream
  await raw.closed;
  ok(raw.ended(5));
  deepStrictEqual(raw.frames.filter(({ type }) => type === TYPE.RST_STREAM), []);
  for (const id of [1, 3, 5, 7, 9]) strictEqual(raw.of(id).filter(({ type, flags }) => type <= TYPE.HEADERS && flags & 1).length, 1);
});

test('G4 a stream that is not read skips what is out of date; others of its connection go on', async (t) => {
  const relay = await startRelay();
  const raw = await connectRaw(relay.url, { settings: { 4: 0 } });
  t.after(() => raw.close());
  const SSE = [['accept', 'text/event-stream']];
  raw.headers(1, get('/api/large/2', SSE));
  raw.headers(3, get('/api/notes/2', SSE));
  await raw.until(() => raw.status(1) === 200 && raw.status(3) === 200);
  raw.update(0, 100 * MIB);
  raw.update(3, MIB);
  for (let i = 0; i < 30; i += 1) {
    await app.sql('update app.notes set body = $1 where id = 2', [`state ${i}`]);
    await raw.until(() => raw.body(3).includes(`state ${i}"`));
  }
  strictEqual(raw.body(1).length, 0);
  const witness = await app.stream(`${relay.url}/api/large/2`);
  await witness.untilDocument((d) => d.n === 'state 29'); // it is read
  raw.update(1, 50 * MIB);
  await raw.until(() => raw.body(1).includes('"state 29"'));
  const seen = raw.body(1).toString().match(/^data:/gm).length;
  ok(seen <= 3, `${seen} of 31 states`);
});

test('C01 a stream that is not read while newer documents wait is cut after --slow-time, alone', async (t) => {
  const relay = await startRelay('--slow-time', '1s');
  const raw = await connectRaw(relay.url, { settings: { 4: 100 } });
  t.after(() => raw.close());
  raw.headers(1, get('/api/large/2', [['accept', 'text/event-stream']]));
  raw.headers(3, get('/api/notes/2', [['accept', 'text/event-stream']]));
  await raw.until(() => raw.body(1).length === 100 && raw.status(3) === 200);
  raw.update(3, MIB);
  for (let i = 0; raw.resetCode(1) === undefined && i < 200; i += 1) {
    await app.sql('update app.notes set body = $1 where id = 2', [`newer ${i}`]);
    await raw.until(() => raw.body(3).includes(`newer ${i}"`));
  }
  await raw.until(() => raw.resetCode(1) === CODE.CANCEL);
  strictEqual(await relay.metric('pgcrier_cut_total{reason="slow"}'), 1);
  await until(async () => await relay.metric('pgcrier_subscribers') === 1);
  strictEqual(raw.goaway, undefined);
});

test('C28 a TLS connection that does not say hello is closed', async () => {
  const relay = await startRelay('--head-time', '1s');
  const raw = await app.raw('', {}, { url: relay.tlsUrl });
  await within(raw.closed, 'closed');
  const half = await app.raw(Buffer.from([0x16, 3, 1, 2, 0, 1]), {}, { url: relay.tlsUrl });
  await within(half.closed, 'closed');
});

test('an answer whose headers are too large is an error, and the connection goes on', async () => {
  const relay = await startRelay();
  const client = await connect2(relay.url);
  const answer = await client.get('/api/wordy', { method: 'POST' }).then(({ status }) => status, (error) => error);
  ok(answer === 500 || /NGHTTP2_INTERNAL_ERROR|closed without/.test(answer.message), `${answer}`);
  strictEqual((await client.get('/api/notes/1')).status, 200);
  client.close();
});

test('HEAD of a file has its length and nothing else', async () => {
  const relay = await startRelay();
  const client = await connect2(relay.url);
  const { status, headers, body } = await client.get('/big', { method: 'HEAD' });
  deepStrictEqual([status, headers['content-length'], body.length], [200, String(BIG.length), 0]);
  client.close();
});
