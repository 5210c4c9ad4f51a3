// Who misbehaves again and again is not let in for a while; others are, and so is he afterwards.

import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { startApp } from '../lib/app.js';
import { connectRaw, get as asking, settings } from '../lib/h2raw.js';
import { get, rawRequest } from '../lib/sse.js';
import { until, within } from '../lib/until.js';

const ATTACKER = '127.0.0.66';
const NEIGHBOUR = '127.0.0.67';
const app = await startApp({ relay: false });
const start = (...args) => app.startRelay({ args });
const refused = (relay) => relay.metric('pgcrier_refused_total{reason="penalty"}');
const complaints = (relay) => relay.lines.filter((line) => line.includes('misbehaves')).length;
// What a client of this address gets: a status, or why it gets none.
const look = (relay, localAddress) => get(`${relay.url}/api/notes/1`, { localAddress }).then(({ status }) => status, (error) => error.code);
const gone = (raw) => within(raw.closed, 'the relay closes');
const live = [['accept', 'text/event-stream']];

const connect = (relay, localAddress) => connectRaw(relay.url, { localAddress });
// A connection that is ended for a violation, if it is not refused before.
async function spoil(relay, localAddress) {
  const raw = await connect(relay, localAddress).catch(() => undefined);
  if (raw === undefined) return;
  raw.write(settings({ 4: 0xffffffff }));
  await gone(raw);
}
// HTTP/1.1: a head that two readers read differently.
async function mumble(relay, localAddress) {
  const raw = await rawRequest(relay.url, 'GET / HTTP/1.1\nHost: x\n\n', { localAddress }).catch(() => undefined);
  if (raw !== undefined) await gone(raw);
}
async function times(n, act) { for (let i = 0; i < n; i += 1) await act(i); }

test('C15: an attacker is refused after as many cuts as are allowed, others are not, and he is let in again', async () => {
  const relay = await start('--max-address-cuts', '3');
  const held = await connect(relay, ATTACKER);
  held.headers(1, asking('/api/notes/1', live));
  await held.until(() => held.body(1).length > 0);
  await times(3, () => spoil(relay, ATTACKER));
  strictEqual(await look(relay, ATTACKER), 200, 'as many as are allowed');
  strictEqual(await refused(relay), 0);
  await until(async () => { await spoil(relay, ATTACKER); return await look(relay, ATTACKER) !== 200; }, { what: 'it is refused' });
  strictEqual(await look(relay, NEIGHBOUR), 200, 'another address');
  held.headers(3, asking('/api/notes/1'));
  await held.until(() => held.ended(3), 'what is open goes on');
  await until(async () => await look(relay, ATTACKER) === 200, { what: 'it is let in again' });
  ok(await refused(relay) >= 1);
  strictEqual(complaints(relay), 1);
  held.close();
});

test('C16: floods count', async () => {
  const relay = await start('--max-address-cuts', '1');
  await until(async () => {
    const raw = await connect(relay, ATTACKER).catch(() => undefined);
    if (raw !== undefined) {
      raw.write(Buffer.concat(Array.from({ length: 10_000 }, () => settings({}))));
      await gone(raw);
    }
    return await refused(relay) > 0;
  }, { what: 'it is refused' });
  ok(await relay.metric('pgcrier_http2_ended_total{reason="flood"}') >= 2);
});

test('C10: bad requests over HTTP/1.1 count a tenth', async () => {
  const relay = await start('--max-address-cuts', '3');
  await Promise.all(Array.from({ length: 30 }, () => mumble(relay, ATTACKER)));
  deepStrictEqual([await look(relay, ATTACKER), await refused(relay)], [200, 0]);
  await until(async () => {
    await Promise.all(Array.from({ length: 50 }, () => mumble(relay, ATTACKER)));
    return await refused(relay) > 0;
  }, { what: 'it is refused' });
  strictEqual(await look(relay, NEIGHBOUR), 200);
});

test('a page that is loaded again 300 times in a hurry is let in', async () => {
  const relay = await start('--max-address-cuts', '20');
  let raw = await connect(relay, ATTACKER);
  let id = 1;
  await times(300, async () => {
    if (raw.over || raw.goaway !== undefined) { // it gave up too many at once: a browser connects again
      raw.close();
      raw = await connect(relay, ATTACKER);
      id = 1;
    }
    const first = id;
    for (const path of ['/api/notes/1', '/api/notes/2', '/api/notes/3']) { raw.headers(id, asking(path, live)); id += 2; }
    // A reset may have overtaken the GOAWAY.
    await raw.until(() => raw.body(first).length > 0 || raw.goaway !== undefined).catch((error) => { if (!raw.over) throw error; });
    for (let stream = first; stream < id; stream += 2) raw.reset(stream);
  });
  raw.close();
  strictEqual(await look(relay, ATTACKER), 200);
  strictEqual(await refused(relay), 0);
});

for (const [who, args] of [
  ['by default the machine itself', []],
  ['everybody, with a limit of 0,', ['--max-address-cuts', '0']],
  ['a trusted proxy', ['--max-address-cuts', '1', '--trusted-proxy', ATTACKER]],
]) {
  test(`${who} is exempt`, async () => {
    const relay = await start(...args);
    await times(30, () => spoil(relay, ATTACKER));
    deepStrictEqual([await look(relay, ATTACKER), await refused(relay), complaints(relay)], [200, 0, 0]);
    strictEqual(await relay.metric('pgcrier_http2_ended_total{reason="protocol"}'), 30);
  });
}

test('who is slow or idle is ended, and let in again', async () => {
  const relay = await start('--max-address-cuts', '1', '--head-time', '1s');
  const raws = await Promise.all(Array.from({ length: 30 }, async (_, i) => {
    const raw = await connect(relay, ATTACKER);
    if (i % 2) raw.headers(1, asking('/x'), { endHeaders: false });
    return raw;
  }));
  await Promise.all(raws.map(gone));
  await until(async () => await look(relay, ATTACKER) === 200); // if it asks in time
  strictEqual(await refused(relay), 0);
  ok(await relay.metric('pgcrier_http2_ended_total{reason="slow"}') > 0);
});

test('the admin is let in, whatever his address did', async () => {
  const relay = await start('--max-address-cuts', '1');
  await Promise.all(Array.from({ length: 20 }, () => spoil(relay, '127.0.0.1')));
  await until(async () => { await spoil(relay, '127.0.0.1'); return await look(relay, '127.0.0.1') !== 200; }, { what: 'it is refused' });
  strictEqual((await get(`${relay.admin}/healthz`)).status, 200);
});
