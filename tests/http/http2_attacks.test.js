// What a hostile client of HTTP/2 may do, and what comes of it: the process lives, others are served
// meanwhile, and CPU and memory are back when it is over.
//
// "Control" says what libh2o 2.2.5's own engine, which is out of reach here, does with the same frames.

import { match, ok, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { startApp } from '../lib/app.js';
import { unharmed } from '../lib/attack.js';
import { startBeside } from '../lib/beside.js';
import { connect2 } from '../lib/h2.js';
import { CODE, PREFACE, TYPE, block, connectRaw, frame, get, request, settings, uint32 } from '../lib/h2raw.js';
import { get as getOne } from '../lib/sse.js';
import { patient, until, within } from '../lib/until.js';

const MIB = 1 << 20;
const app = await startApp({ relay: { args: ['--public', '.', '--threads', '1'] } });
const { relay } = app;
// For those who are too slow. The others shall not be taken for slow where it is this machine that is.
const impatient = await app.startRelay({ args: ['--public', '.', '--threads', '1', '--slow-time', '2s', '--head-time', '3s'] });
const LARGE = '/package-lock.json';

// Runs an attack beside a client who behaves; every answer to that one must come promptly. How many came is
// returned.
function attack(run, of = relay) {
  return unharmed(of, async () => {
    const good = await startBeside(of, '/api/notes/1');
    let served;
    try {
      await run();
    } finally {
      served = await good.stop();
    }
    ok(served.slowest < patient(1), `another client waited for ${served.slowest} s of work`);
    return served.answers;
  });
}

async function connect(t, options, of = relay) {
  const raw = await connectRaw(of.url, options);
  t.after(() => raw.close());
  return raw;
}

// Writes what make(i) returns, `count` times or until the connection is over, in portions.
async function flood(raw, count, make) {
  for (let i = 0; i < count && !raw.over && raw.goaway === undefined;) {
    const pieces = [];
    for (let n = 0; n < 200 && i < count; n += 1, i += 1) pieces.push(make(i));
    raw.write(...pieces);
    await within(raw.drained(), 'flood is taken', 60_000);
  }
}

// Who goes on sending when all is over may miss the farewell: a reset overtakes it.
const toldOff = (raw) => ok(raw.goaway === undefined || raw.goaway === CODE.ENHANCE_YOUR_CALM, `goaway ${raw.goaway}`);
const headers = (id, fields, flags = 5) => frame({ type: TYPE.HEADERS, flags, id, payload: block(fields) });
const rst = (id, code) => frame({ type: TYPE.RST_STREAM, id, payload: uint32(code) });
const update = (id, by) => frame({ type: TYPE.WINDOW_UPDATE, id, payload: uint32(by) });
const ended = (reason, of = relay) => of.metric(`pgcrier_http2_ended_total{reason="${reason}"}`);

// Control: 20,000 handlers run from one connection (CVE-2023-44487).
for (const [what, code] of [['CANCEL', CODE.CANCEL], ['NO_ERROR', CODE.NO_ERROR], ['our own code for an end', 0x70676372]]) {
  test(`C15 rapid reset by ${what}: few handlers run, then GOAWAY`, async (t) => {
    const before = await ended('resets');
    const handled = await relay.metric('pgcrier_requests_total');
    const beside = await attack(async () => {
      const raw = await connect(t);
      await flood(raw, 20_000, (i) => Buffer.concat([headers(2 * i + 1, get('/api/notes/2')), rst(2 * i + 1, code)]));
      await within(raw.closed, 'closed');
      toldOff(raw);
    });
    strictEqual(await ended('resets'), before + 1);
    const ran = await relay.metric('pgcrier_requests_total') - handled - beside;
    ok(ran < 400, `${ran} handlers ran`);
  });
}

// Control: the same as above, by streams that the server is made to reset (2025: "MadeYouReset").
const MADE_YOU_RESET = {
  'a window beyond 2^31 - 1': (id) => [headers(id, get('/api/notes/2')), update(id, 0x7fffffff)],
  'content-length and a shorter body': (id) => [headers(id, request('POST', '/api/notes/2', [['content-length', '5']]), 4),
    frame({ type: TYPE.DATA, flags: 1, id, payload: Buffer.from('x') })],
  'a header name in capitals': (id) => [headers(id, get('/api/notes/2', [['Bad', 'x']]))],
  'no :path': (id) => [headers(id, [[':method', 'GET'], [':scheme', 'http']])],
  'a connection header': (id) => [headers(id, get('/api/notes/2', [['connection', 'close']]))],
};
for (const [what, make] of Object.entries(MADE_YOU_RESET)) {
  // What arrives in one go may be more streams than a connection may have (PROTOCOL_ERROR) before the
  // resets are counted: either is the end of it.
  test(`C15 made-you-reset by ${what}`, (t) => attack(async () => {
    const endings = async () => await ended('resets') + await ended('protocol');
    const before = await endings();
    const raw = await connect(t);
    await flood(raw, 20_000, (i) => Buffer.concat(make(2 * i + 1)));
    await within(raw.closed, 'closed');
    if (raw.goaway !== CODE.PROTOCOL_ERROR) toldOff(raw);
    strictEqual(await endings(), before + 1);
  }));
}

const CONNECTION_ERRORS = {
  'WINDOW_UPDATE of 0 on a stream': [(id) => update(id, 0), CODE.PROTOCOL_ERROR],
  'WINDOW_UPDATE of 0 on the connection': [() => update(0, 0), CODE.PROTOCOL_ERROR],
  'WINDOW_UPDATE of 5 octets': [(id) => frame({ type: TYPE.WINDOW_UPDATE, id, payload: Buffer.alloc(5, 1) }), CODE.FRAME_SIZE_ERROR],
  'WINDOW_UPDATE on an idle stream': [() => update(9999, 1), CODE.PROTOCOL_ERROR],
  'a connection window beyond 2^31 - 1': [() => update(0, 0x7fffffff), CODE.FLOW_CONTROL_ERROR],
  'DATA on a stream that is half closed': [(id) => frame({ type: TYPE.DATA, id, payload: Buffer.from('x') }), CODE.STREAM_CLOSED],
  'HEADERS on a stream that is half closed': [(id) => headers(id, get('/x')), CODE.STREAM_CLOSED],
  'RST_STREAM on an idle stream': [() => rst(9999, 8), CODE.PROTOCOL_ERROR],
  'PRIORITY of the connection': [() => frame({ type: TYPE.PRIORITY, id: 0, payload: Buffer.alloc(5) }), CODE.PROTOCOL_ERROR],
  'a frame longer than 16,384 octets': [(id) => frame({ type: TYPE.DATA, id, payload: Buffer.alloc(16385) }), CODE.FRAME_SIZE_ERROR],
  'WINDOW_UPDATE within a header block': [(id) => Buffer.concat([headers(id + 2, get('/x'), 1), update(0, 1)]), CODE.PROTOCOL_ERROR],
  'an initial window beyond 2^31 - 1': [() => settings({ 4: 0xffffffff }), CODE.FLOW_CONTROL_ERROR],
  'an initial window that pushes a stream over 2^31 - 1': [(id) => Buffer.concat([update(id, 0x7fff0000), settings({ 4: 0x7fffffff })]),
    CODE.FLOW_CONTROL_ERROR],
};
for (const [what, [make, code]] of Object.entries(CONNECTION_ERRORS)) {
  test(`C15 ${what} ends the connection`, async (t) => {
    const before = await ended('protocol');
    const raw = await connect(t);
    raw.headers(1, get('/api/notes/1', [['accept', 'text/event-stream']]));
    await raw.until(() => raw.body(1).length > 0);
    raw.write(make(1));
    await within(raw.closed, 'closed');
    strictEqual(raw.goaway, code);
    await until(async () => await ended('protocol') === before + 1);
  });
}

// It was taken for a whole one, and the connection then read beyond its input (SIGSEGV).
test('C15 half of a WINDOW_UPDATE as the first frame: a protocol error at its header', async (t) => {
  const raw = await connect(t, { greet: false });
  raw.write(Buffer.concat([PREFACE, update(0, 0x01000000).subarray(0, 10)]));
  await within(raw.closed, 'closed');
  strictEqual(raw.goaway, CODE.PROTOCOL_ERROR);
  match(raw.frames.at(-1).payload.toString('latin1'), /SETTINGS expected$/);
  strictEqual((await app.get('/api/notes/1')).status, 200);
});

// Control: an assertion in update_stream_output_window aborts the process.
test('C18 WINDOW_UPDATEs on a stream whose window is as large as it can be', (t) => attack(async () => {
  const raw = await connect(t, { settings: { 4: 0x7fffffff } });
  raw.headers(1, get('/api/notes/1', [['accept', 'text/event-stream']]));
  await raw.until(() => raw.body(1).length > 0);
  raw.write(update(1, 0x7fffffff), update(1, 1), update(1, 0x7fffffff));
  await raw.until(() => raw.resetCode(1) === CODE.FLOW_CONTROL_ERROR);
  raw.headers(3, get('/api/notes/1'));
  await raw.until(() => raw.ended(3));
  strictEqual(raw.status(3), 200);
}));

const FLOODS = {
  PING: () => frame({ type: TYPE.PING, payload: Buffer.alloc(8) }),
  SETTINGS: () => settings({ 4: 65535 }),
  'empty DATA': () => frame({ type: TYPE.DATA, id: 1 }),
  'DATA of one octet, with padding': () => frame({ type: TYPE.DATA, flags: 8, id: 1, payload: Buffer.from([2, 65, 0, 0]) }),
  PRIORITY: (i) => frame({ type: TYPE.PRIORITY, id: 2 * i + 1, payload: Buffer.alloc(5) }),
  PRIORITY_UPDATE: () => frame({ type: 0x10, payload: Buffer.concat([uint32(1), Buffer.from('u=1')]) }),
  'WINDOW_UPDATE of the connection': () => update(0, 1),
  'WINDOW_UPDATE of a stream': () => update(1, 1),
  'unknown frames': () => frame({ type: 0x77, id: 1, payload: Buffer.from('x') }),
  'RST_STREAM of a closed stream': () => rst(1, 8),
};
// Control: PING and SETTINGS floods are stopped (Debian's patch of 2019), the others go on for ever.
for (const [what, make] of Object.entries(FLOODS)) {
  for (const paused of ['PING', 'SETTINGS', 'empty DATA'].includes(what) ? [false, true] : [false]) {
    test(`C16 ${what} flood, ${paused ? 'nothing read' : 'read'}`, (t) => attack(async () => {
      const before = await ended('flood');
      const raw = await connect(t, { paused });
      raw.headers(1, request('POST', '/api/notes/1'), { end: false });
      if (what.startsWith('RST')) raw.reset(1);
      await flood(raw, 200_000, make);
      raw.resume();
      await within(raw.closed, 'closed', 30_000);
      toldOff(raw);
      strictEqual(await ended('flood'), before + 1);
    }));
  }
}

test('C16 who answers every DATA frame with two WINDOW_UPDATEs floods nobody', async (t) => {
  const raw = await connect(t, { settings: { 4: 1000 } });
  let got = 0;
  raw.socket.on('data', () => {
    for (; got < raw.frames.length; got += 1) {
      const { type, id, payload } = raw.frames[got];
      if (type === TYPE.DATA && payload.length) raw.write(update(id, payload.length), update(0, payload.length));
    }
  });
  const ids = Array.from({ length: 100 }, (_, i) => 2 * i + 1);
  for (const id of ids) raw.headers(id, get(LARGE));
  await raw.until(() => ids.every((id) => raw.ended(id)), 'all are whole', 30_000);
  const { body } = await app.get(LARGE);
  for (const id of ids) ok(raw.body(id).equals(body), `stream ${id}`);
  strictEqual(raw.goaway, undefined);
});

// Control: the process spins at 100 % CPU when CONTINUATION comes during a graceful shutdown, or takes
// what comes without end.
for (const [what, make] of [['empty', () => Buffer.alloc(0)], ['full', (i) => block([[`x-${i}`, 'y'.repeat(8000)]])]]) {
  test(`C16 CONTINUATION without end, ${what}`, (t) => attack(async () => {
    const raw = await connect(t);
    raw.headers(1, get('/x'), { endHeaders: false });
    await flood(raw, 20_000, (i) => frame({ type: TYPE.CONTINUATION, id: 1, payload: make(i) }));
    await within(raw.closed, 'closed');
    ok(raw.goaway === undefined || raw.goaway !== CODE.NO_ERROR);
  }));
}

// Control: one connection makes the process some 100 times as large as what it sends.
test('C18 header bomb: one field in the dynamic table, named again and again', (t) => attack(async () => {
  const raw = await connect(t);
  const indexed = Buffer.concat([Buffer.from([0x40]), Buffer.from([1, 0x61]), Buffer.from([127, 0xa1, 0x1e]), Buffer.alloc(4000, 0x62)]);
  for (let id = 1; id < 40 && !raw.over; id += 2) {
    raw.headers(id, Buffer.concat([block(get('/x')), id === 1 ? indexed : Buffer.alloc(0), Buffer.alloc(12_000, 0xbe)]));
  }
  await within(raw.closed, 'closed');
  strictEqual(raw.goaway, CODE.ENHANCE_YOUR_CALM);
}));

test('C18 header bomb in trailers', (t) => attack(async () => {
  const raw = await connect(t);
  const indexed = Buffer.concat([Buffer.from([0x40]), Buffer.from([1, 0x61]), Buffer.from([127, 0xa1, 0x1e]), Buffer.alloc(4000, 0x62)]);
  raw.headers(1, Buffer.concat([block(request('POST', '/api/notes/1')), indexed]), { end: false });
  raw.headers(1, Buffer.alloc(12_000, 0xbe));
  await within(raw.closed, 'closed');
  strictEqual(raw.goaway, CODE.ENHANCE_YOUR_CALM);
}));

test('trailers are read and forgotten', async (t) => {
  const raw = await connect(t);
  raw.headers(1, get('/api/notes/1'), { end: false });
  raw.headers(1, [['x-checksum', 'abc']]);
  await raw.until(() => raw.ended(1));
  strictEqual(raw.status(1), 200);
});

for (const [what, fields] of [
  ['more than 100 fields', Array.from({ length: 101 }, (_, i) => [`x-${i}`, 'y'])],
  ['more than 64 KiB of them', Array.from({ length: 9 }, (_, i) => [`x-${i}`, 'y'.repeat(7500)])],
]) {
  test(`C09 ${what}: 431, and the connection goes on`, async (t) => {
    const refused = await relay.metric('pgcrier_http2_refused_total{reason="head"}');
    const raw = await connect(t);
    const bytes = block(get('/api/notes/1', fields));
    raw.headers(1, bytes.subarray(0, 16_000), { endHeaders: bytes.length <= 16_000 });
    for (let at = 16_000; at < bytes.length; at += 16_000) {
      raw.frame({ type: TYPE.CONTINUATION, flags: at + 16_000 >= bytes.length ? 4 : 0, id: 1, payload: bytes.subarray(at, at + 16_000) });
    }
    await raw.until(() => raw.ended(1) || raw.over);
    strictEqual(raw.status(1), 431);
    raw.headers(3, get('/api/notes/1'));
    await raw.until(() => raw.ended(3));
    strictEqual(raw.status(3), 200);
    strictEqual(await relay.metric('pgcrier_http2_refused_total{reason="head"}'), refused + 1);
  });
}

// Control: at most 100 are handled, the rest waits unanswered or is refused.
test('C17 1,000 streams at once: no more than 256, and the client is told to go', (t) => attack(async () => {
  const raw = await connect(t);
  await until(async () => raw.frames.some(({ type }) => type === TYPE.SETTINGS));
  for (let i = 0; i < 1000; i += 1) raw.headers(2 * i + 1, get('/api/notes/1', [['accept', 'text/event-stream']]));
  await within(raw.closed, 'closed');
  ok(await relay.metric('pgcrier_http2_streams') <= 256);
  ok(raw.goaway === CODE.PROTOCOL_ERROR || raw.goaway === CODE.ENHANCE_YOUR_CALM, `goaway ${raw.goaway}`);
}));

// Control: nothing happens, for ever.
test('C16 100 downloads with a closed window are reset after --slow-time', (t) => attack(async () => {
  const before = await impatient.metric('pgcrier_http2_cut_total');
  const raw = await connect(t, { settings: { 4: 0 } }, impatient);
  for (let i = 0; i < 100; i += 1) raw.headers(2 * i + 1, get(LARGE));
  await raw.until((frames) => frames.filter(({ type }) => type === TYPE.RST_STREAM).length === 100, '100 resets');
  strictEqual(raw.resetCode(1), CODE.CANCEL);
  strictEqual(await impatient.metric('pgcrier_http2_cut_total'), before + 100);
}, impatient));

test('C16 a reader who has stopped is cut after --slow-time, and its connection with it', (t) => attack(async () => {
  const before = await ended('stuck', impatient);
  const raw = await connect(t, { paused: true, settings: { 4: 0x7fffffff } }, impatient);
  raw.write(update(0, 0x7fff0000 - 65535));
  for (let i = 0; i < 250; i += 1) raw.headers(2 * i + 1, get(LARGE));
  await until(async () => await ended('stuck', impatient) === before + 1);
  raw.resume();
  await within(raw.closed, 'closed');
}, impatient));

// Control: all of it is read for 2 s, at the speed of the processor.
test('C16 who goes on sending after the end is reset after a MiB', (t) => attack(async () => {
  const raw = await connect(t, { paused: true });
  raw.write(update(0, 0));
  const piece = Buffer.alloc(1 << 20);
  for (let i = 0; i < 1000 && !raw.over; i += 1) {
    raw.write(piece);
    await raw.drained();
  }
  await within(raw.closed, 'closed');
  ok(raw.socket.bytesWritten < 32 * MIB, `${raw.socket.bytesWritten} octets were taken`);
}));

test('C28 a header block, a body, a preface that do not come on', async (t) => {
  const began = performance.now();
  const [silent, preface, head, body] = await Promise.all(
    [{ greet: false }, { greet: false }, {}, {}].map((options) => connect(t, options, impatient)));
  preface.write(Buffer.from('PRI * HTT'));
  head.headers(1, get('/x'), { endHeaders: false });
  body.headers(1, request('POST', '/api/notes/1'), { end: false });
  await within(Promise.all([silent.closed, preface.closed, head.closed]), 'closed');
  strictEqual(head.goaway, CODE.ENHANCE_YOUR_CALM);
  await body.until(() => body.status(1) === 408);
  await within(body.closed, 'closed'); // it is idle then
  ok(performance.now() - began < patient(18_000), 'not after the default of --head-time');
});

test('C16 an idle connection is closed, one with a stream is not', async (t) => {
  const [idleOne, streaming] = [await connect(t, {}, impatient), await connect(t, {}, impatient)];
  streaming.headers(1, get('/api/notes/1', [['accept', 'text/event-stream']]));
  await within(idleOne.closed, 'closed');
  strictEqual(idleOne.goaway, CODE.NO_ERROR);
  ok(!streaming.over);
});

test('C18 the relays are still there, by every protocol', async () => {
  for (const { url } of [relay, impatient]) {
    strictEqual((await getOne(`${url}/api/notes/1`)).status, 200);
    const client = await connect2(url);
    strictEqual((await client.get('/api/notes/1')).status, 200);
    client.close();
  }
});
