// What a hostile client of HTTP/1.1 may do (of HTTP/2: http/http2_attacks), and what comes of it.
//
// "Control" says what libh2o 2.2.5 does by itself. The attacker has an address of its own.

import { ok, strictEqual } from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { startApp } from '../lib/app.js';
import { attack } from '../lib/attack.js';
import { rawRequest } from '../lib/sse.js';
import { until, within } from '../lib/until.js';

const site = mkdtempSync(join(tmpdir(), 'pgcrier-attacks-'));
after(() => rmSync(site, { recursive: true, force: true }));
writeFileSync(join(site, 'big'), 'x'.repeat(30_000_000));
writeFileSync(join(site, 'even'), 'even');
writeFileSync(join(site, 'odd'), 'odd');
const app = await startApp({
  relay: { args: ['--public', site, '--slow-time', '3s', '--slow-rate', '10kB', '--head-time', '4s', '--body-budget', '32MiB',
    '--max-address-connections', '300'] },
});
const { relay } = app;
// Nobody is left of the attack before: the attacker's address has its limit.
const under = (run) => async () => {
  await until(async () => await app.metric('pgcrier_connections') === 1, { what: 'only who asks for metrics is here' });
  await attack(relay, '/api/notes/1', run);
};
const many = (count, make) => Promise.all(Array.from({ length: count }, (_, i) => make(i)));
const open = (text, options) => rawRequest(relay.url, text, { localAddress: '127.0.0.66', ...options });
const ended = (raws) => within(Promise.all(raws.map((raw) => raw.closed)), 'all are ended');
const GET = (path) => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`;

// Control: 417,792 octets are kept for each head, for 10 s.
test('C09: heads of nearly any size that never end', under(async () => {
  const raws = await many(300, () => open(`GET / HTTP/1.1\r\nX: ${'y'.repeat(60_000)}`));
  await ended(raws);
}));

test('C09: heads above --max-head that never end are refused before they are complete', under(async () => {
  const raws = await many(100, () => open(`GET / HTTP/1.1\r\nX: ${'y'.repeat(200_000)}`));
  await ended(raws);
  ok(raws.filter((raw) => raw.text.startsWith('HTTP/1.1 431 ')).length > 50);
}));

test('20,000 requests one behind the other, and nothing read', under(async () => {
  const raws = await many(10, () => open(GET('/api/notes/1').repeat(2000), { paused: true }));
  await ended(raws.map((raw) => { setTimeout(() => raw.reset(), 1500); return raw; }));
}));

// Control: all that has been read is answered in one turn of the loop, for seconds, and nobody else is.
test('C27: 3,000 requests in one go are answered in order, over many turns', under(async () => {
  const before = await app.metric('pgcrier_put_off_total');
  const raw = await open((GET('/even') + GET('/odd')).repeat(1500));
  await raw.until(() => raw.received.length >= 3000 * 200, '3,000 answers');
  await raw.until((text) => text.match(/\r\n\r\n(even|odd)/g)?.length === 3000, '3,000 answers');
  strictEqual(raw.text.match(/\r\n\r\n(even|odd)/g).join('').replace(/[^a-z]/g, ''), 'evenodd'.repeat(1500));
  raw.close();
  ok(await app.metric('pgcrier_put_off_total') - before > 100);
}));

test('C27: a download goes out over many turns', under(async () => {
  const before = await app.metric('pgcrier_put_off_total');
  const answer = await app.get('/big');
  strictEqual(answer.body.length, 30_000_000);
  ok(await app.metric('pgcrier_put_off_total') > before);
}));

test('C27: who leaves while his answers wait for their turn', under(async () => {
  for (let round = 0; round < 10; round += 1) {
    const raws = await many(20, () => open(GET('/even').repeat(1000)));
    await raws[0].until(() => raws[0].pieces.length > 0);
    raws.forEach((raw) => raw.reset());
  }
  await until(async () => await app.metric('pgcrier_connections') < 10);
}));

// libh2o does not see that a client is gone while its request waits: it holds its place among the
// connections of its address, which bounds what waits for the database.
test('2,000 requests that are reset before their answer', under(async () => {
  for (let round = 0; round < 20; round += 1) {
    const raws = await many(100, (i) => open(GET(`/api/notes?thread=${round * 100 + i}`)).catch(() => undefined));
    raws.forEach((raw) => raw?.reset());
  }
  await until(async () => await app.metric('pgcrier_pool_connections{state="busy"}') === 0);
}));

test('2,000 streams that are reset at once', under(async () => {
  for (let round = 0; round < 20; round += 1) {
    const raws = await many(100, (i) => open(`GET /api/notes?thread=${i} HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n\r\n`).catch(() => undefined));
    raws.forEach((raw) => raw?.reset());
  }
  await until(async () => await app.metric('pgcrier_subscribers') === 0);
}));

// Control: they stay for ever; there is no write timeout.
test('200 downloads that nobody reads', under(async () => {
  const raws = await many(200, () => open(GET('/big'), { paused: true }));
  await until(async () => await app.metric('pgcrier_cut_total{reason="download"}') >= 200);
  raws.forEach((raw) => raw.close());
}));

// Whoever was still sending then, and had found the window shut, heard nothing for as long: 108 s once.
test('a connection that was refused is forgotten soon, not after the kernel\'s minute', async () => {
  const port = Number(new URL(relay.url).port);
  const socket = net.connect({ host: '127.0.0.1', port, allowHalfOpen: true });
  socket.write('GET / HTTP/1.1\r\nX: y');
  await within(once(socket.resume(), 'end'), 'the relay has ended its side');
  const hex = (number) => `:${number.toString(16).toUpperCase().padStart(4, '0')}`;
  const entry = new RegExp(`: \\S+${hex(port)} \\S+${hex(socket.localPort)} `);
  await until(() => !entry.test(readFileSync('/proc/net/tcp', 'latin1')), { limit: 15_000, what: 'the kernel has forgotten it' });
  socket.destroy();
});

// Control: each may hold a GiB.
test('bodies up to the budget and beyond it', under(async () => {
  const raws = await many(30, () => open(`POST /api/notes/1 HTTP/1.1\r\nHost: x\r\nContent-Length: 16000000\r\n\r\n${'y'.repeat(4_000_000)}`));
  await ended(raws);
  ok(await app.metric('pgcrier_refused_total{reason="bodies"}') > 0);
  await until(async () => await app.metric('pgcrier_body_bytes') === 0);
}));

test('a body in 200,000 chunks of one octet, with extensions', under(async () => {
  const raws = await many(3, () => open(`POST /api/notes/1 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n${'1;extension\r\ny\r\n'.repeat(200_000)}0\r\n\r\n`));
  await ended(raws);
  raws.forEach((raw) => ok(raw.text.startsWith('HTTP/1.1 405 ')));
}));

test('a chunk extension, and a trailer, that never end', under(async () => {
  const head = 'POST /api/notes/1 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n';
  const raws = [await open(`${head}1;`), await open(`${head}0\r\nX: `)];
  let going = true;
  const more = (async () => {
    while (going) {
      for (const raw of raws) if (!raw.over) raw.send('y'.repeat(50_000));
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  })();
  await ended(raws);
  going = false;
  await more;
}));

test('5,000 connections that come and go', under(async () => {
  for (let round = 0; round < 50; round += 1) {
    const raws = await many(100, () => open('').catch(() => undefined));
    raws.forEach((raw, i) => (i % 2 ? raw?.reset() : raw?.close()));
  }
}));

test('octets that are no HTTP', under(async () => {
  for (let round = 0; round < 10; round += 1) {
    const raws = await many(50, (i) => open(Buffer.from(Array.from({ length: 300 }, (_, k) => (k * 7919 + i * 104729 + round) % 256))));
    await ended(raws);
  }
}));

test('2,000 ranges, on 50 connections', under(async () => {
  const value = Array.from({ length: 2000 }, (_, i) => `${i}-`).join(',');
  const raws = await many(50, () => open(`GET /big HTTP/1.1\r\nHost: x\r\nRange: bytes=${value}\r\n\r\n`));
  await until(() => raws.every((raw) => raw.pieces.length > 0));
  raws.forEach((raw) => { ok(raw.text.slice(0, 20).startsWith('HTTP/1.1 200 ')); raw.close(); });
}));
