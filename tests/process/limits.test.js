// What one client may have, and what becomes of one that takes more or that does not move on.

import { deepStrictEqual, match, ok, strictEqual } from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, readdirSync } from 'node:fs';
import net from 'node:net';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { startApp } from '../lib/app.js';
import { PASS, gateOf } from '../lib/gate.js';
import { SANITIZED } from '../lib/relay.js';
import { get, openStream, rawRequest } from '../lib/sse.js';
import { until, within } from '../lib/until.js';

const app = await startApp({
  relay: false,
  sql: `create function app.slow() returns json language sql stable as $$ select to_json(1) from ${PASS} $$;
    select crier.live('/api/slow', 'app.slow()');
    insert into app.texts values (1, to_json(repeat('x', 20000000)));
    grant execute on all functions in schema app to relay`,
});
const start = (...args) => app.startRelay({ args });
const silent = (relay, localAddress) => rawRequest(relay.url, '', { localAddress });
const refused = (relay, reason) => relay.metric(`pgcrier_refused_total{reason="${reason}"}`);
const cut = (relay, reason) => relay.metric(`pgcrier_cut_total{reason="${reason}"}`);
const over = (raw) => within(raw.closed, 'the relay closes', 60_000).then(() => raw.text);
// Octets that the kernel still holds for clients of a port.
const unsent = (port) => readFileSync('/proc/net/tcp', 'latin1').trim().split('\n').slice(1).map((line) => line.trim().split(/\s+/))
  .filter(([, local]) => parseInt(local.split(':')[1], 16) === port)
  .reduce((sum, [, , , , queues]) => sum + parseInt(queues, 16), 0);

test('connections of one address', async () => {
  const relay = await start('--max-address-connections', '5', '--head-time', '1min');
  const open = await Promise.all([1, 2, 3, 4, 5].map(() => rawRequest(relay.url, 'GET /api/notes/1 HTTP/1.1\r\nHost: x\r\n\r\n')));
  await Promise.all(open.map((raw) => raw.until((text) => text.includes('"one"')))); // all of them are in
  ok(['', 'ECONNRESET'].includes(await silent(relay).then(over, (error) => error.code)));
  strictEqual((await get(`${relay.url}/api/notes/1`, { localAddress: '127.0.0.2' })).status, 200, 'another address');
  open.pop().close();
  await until(() => get(`${relay.url}/api/notes/1`).then(({ status }) => status === 200), { what: 'there is room again' });
  ok(await refused(relay, 'address') > 0);
  await relay.hears(/127\.0\.0\.1 has 5 connections/);
  open.forEach((raw) => raw.close());
});

test('by default the machine itself is exempt', async () => {
  const relay = await start();
  const open = await Promise.all(Array.from({ length: 1100 }, () => silent(relay)));
  strictEqual((await get(`${relay.url}/api/notes/1`)).status, 200);
  open.forEach((raw) => raw.close());
});

test('C17: streams of one address: the next is told to come back later', async () => {
  const relay = await start('--max-address-streams', '3');
  const stream = (localAddress) => app.stream(`${relay.url}/api/notes/1`, { localAddress });
  const open = await Promise.all([1, 2, 3].map(() => stream()));
  const fourth = await stream();
  strictEqual(fourth.status, 200, 'an EventSource gives up on anything else');
  deepStrictEqual(await fourth.ended, { how: 'end' });
  strictEqual(fourth.retry, 30_000);
  strictEqual(fourth.events.length, 0);
  deepStrictEqual(fourth.complaints, []);
  const other = await stream('127.0.0.2');
  await other.next();
  open[0].close();
  await until(async () => {
    const again = await stream();
    return Promise.race([again.next().then(() => true), again.ended.then(() => false)]);
  });
  strictEqual((await get(`${relay.url}/api/notes/1`)).status, 200, 'streams only');
  ok(await refused(relay, 'streams') >= 1);
});

test('a trusted proxy: its clients are counted by their own addresses, whatever they claim', async () => {
  const relay = await start('--trusted-proxy', '127.0.0.1', '--trusted-proxy', '10.0.0.0/8', '--max-address-streams', '1', '--max-address-connections', '2');
  const statusOf = async (headers, localAddress) => {
    const stream = await openStream(`${relay.url}/api/notes/1`, { headers, localAddress });
    const got = await Promise.race([stream.next().then(() => 'stream'), stream.ended.then(() => 'refused')]);
    stream.close();
    await until(async () => await relay.metric('pgcrier_subscribers') === 1, { what: 'it is gone' });
    return got;
  };
  const one = await openStream(`${relay.url}/api/notes/1`, { headers: { 'x-forwarded-for': '192.0.2.1' } });
  await one.next();
  for (const [headers, wanted] of [
    [{ 'x-forwarded-for': '192.0.2.1' }, 'refused'],
    [{ 'x-forwarded-for': '198.51.100.7, 192.0.2.1' }, 'refused'],
    [{ 'x-forwarded-for': '198.51.100.7,192.0.2.1:5555 , 10.1.2.3' }, 'refused'],
    [{ 'x-forwarded-for': ['198.51.100.7', '192.0.2.1'] }, 'refused'],
    [{ 'x-forwarded-for': '192.0.2.1, 192.0.2.2' }, 'stream'],
    [{ 'x-forwarded-for': '::ffff:192.0.2.1' }, 'refused'],
    [{ forwarded: 'for=192.0.2.1;proto=http;by=10.0.0.1' }, 'refused'],
    [{ forwarded: 'for=198.51.100.7, For="192.0.2.1:80"' }, 'refused'],
    [{ forwarded: 'for=192.0.2.1, for="[2001:db8::7]:99"' }, 'stream'],
    [{ forwarded: 'for=192.0.2.9', 'x-forwarded-for': '192.0.2.1' }, 'refused'],
    // A proxy quotes what its client calls the host; a client leaves a quote open.
    [{ forwarded: 'for=192.0.2.1;host="x, for=198.51.100.9"' }, 'refused'],
    [{ forwarded: 'for=192.0.2.1;host="x;for=198.51.100.9;y"' }, 'refused'],
    [{ forwarded: 'for=192.0.2.1;host="\\", for=198.51.100.9;x=\\"\\\\"' }, 'refused'],
    [{ forwarded: 'for="198.51.100.9, for=192.0.2.1' }, 'refused'],
    [{}, 'stream'],
  ]) strictEqual(await statusOf(headers), wanted, JSON.stringify(headers));
  one.close();
  // One customer has a /64.
  const six = await openStream(`${relay.url}/api/notes/1`, { headers: { 'x-forwarded-for': '2001:db8:0:1::1' } });
  await six.next();
  strictEqual(await statusOf({ 'x-forwarded-for': '2001:db8:0:1:ffff::2' }), 'refused');
  strictEqual(await statusOf({ 'x-forwarded-for': '2001:db8:0:2::1' }), 'stream');
  six.close();
  // Requests in progress count as connections; the proxy's own connections do not.
  const gate = gateOf(app.cluster);
  await gate.shut();
  const slow = (address) => get(`${relay.url}/api/slow`, { headers: { 'x-forwarded-for': address } });
  const answers = [];
  let waiting = 0;
  const ask = () => { waiting += 1; slow('192.0.2.3').then(({ status }) => { waiting -= 1; answers.push(status); }); };
  await until(async () => {
    while (waiting < 2) ask(); // the question below may have come before one of them, which is refused then
    return (await get(`${relay.url}/api/notes/1`, { headers: { 'x-forwarded-for': '192.0.2.3' } })).status === 503;
  });
  strictEqual((await get(`${relay.url}/api/notes/1`, { headers: { 'x-forwarded-for': '192.0.2.4' } })).status, 200);
  await gate.open();
  await until(() => waiting === 0);
  strictEqual(answers.filter((status) => status === 200).length, 2);
  strictEqual((await get(`${relay.url}/api/notes/1`, { headers: { 'x-forwarded-for': '192.0.2.3' } })).status, 200);
});

test('who is not trusted is not believed', async () => {
  const relay = await start('--trusted-proxy', '192.0.2.0/24', '--max-address-streams', '1');
  const one = await app.stream(`${relay.url}/api/notes/1`, { headers: { 'x-forwarded-for': '198.51.100.1' } });
  await one.next();
  const two = await app.stream(`${relay.url}/api/notes/1`, { headers: { 'x-forwarded-for': '198.51.100.2' } });
  deepStrictEqual(await two.ended, { how: 'end' });
  strictEqual(two.retry, 30_000);
});

test('C28: slow heads and idle connections end after --head-time, in crowds, too; others do not notice', async () => {
  const relay = await start('--head-time', '4s'); // so long this process may take to ask
  const memory = await relay.memory();
  const idle = await rawRequest(relay.url, 'GET /api/notes/1 HTTP/1.1\r\nHost: x\r\n\r\n');
  const slow = await Promise.all(Array.from({ length: 1000 }, () => rawRequest(relay.url, 'GET /api/notes/1 HTTP/1.1\r\nX: ')));
  const dribble = setInterval(() => slow.forEach((raw) => !raw.over && raw.send('y')), 250);
  strictEqual((await get(`${relay.url}/api/notes/1`)).status, 200);
  const texts = await Promise.all(slow.map(over));
  clearInterval(dribble);
  ok(texts.filter((text) => text.startsWith('HTTP/1.1 408 ')).length > 900, `${texts[0]}`);
  match(await over(idle), /^HTTP\/1\.1 200 OK\r\n[^]*\{"id" : 1, "body" : "one"\}$/, 'no answer without a request');
  strictEqual(await cut(relay, 'head'), 1000);
  if (!SANITIZED) await until(async () => await relay.memory() - memory < 16 << 20, { what: 'their memory is back' });
});

test('a connection in use is not idle', async () => {
  const relay = await start('--head-time', '4s');
  const raw = await rawRequest(relay.url, '');
  for (let i = 1; i <= 8; i += 1) {
    raw.send('GET /api/notes/2 HTTP/1.1\r\nHost: x\r\n\r\n');
    await raw.until((text) => text.split('"two"').length === i + 1);
    await sleep(700);
  }
  raw.close();
});

test('C23, C28: slow bodies end after --slow-time; one that moves does not', async () => {
  const relay = await start('--slow-time', '3s', '--slow-rate', '100', '--head-time', '2s');
  const head = 'POST /api/notes/1 HTTP/1.1\r\nHost: x\r\nContent-Length: 40000\r\n\r\n';
  const slow = await Promise.all(Array.from({ length: 1000 }, () => rawRequest(relay.url, head)));
  const good = await rawRequest(relay.url, head);
  let sent = 0;
  const dribble = setInterval(() => {
    slow.forEach((raw) => !raw.over && raw.send('y'));
    if (sent < 40_000) good.send('y'.repeat(2000));
    sent += 2000;
  }, 200);
  await Promise.all(slow.map(over));
  match(await over(good), /^HTTP\/1\.1 405 /, 'longer than the time, but fast enough');
  clearInterval(dribble);
  strictEqual(await cut(relay, 'body'), 1000);
  await until(async () => await relay.metric('pgcrier_body_bytes') === 0);
});

test('a download that nobody reads ends after --slow-time; one that is read slowly does not', async () => {
  const relay = await start('--slow-time', '3s', '--slow-rate', '8kB');
  const ask = 'GET /api/raw/1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';
  const stalled = await Promise.all([1, 2, 3].map(() => rawRequest(relay.url, ask, { paused: true })));
  const slow = await rawRequest(relay.url, ask);
  const read = setInterval(() => { slow.resume(); setTimeout(() => slow.pause(), 20); }, 120);
  await until(async () => await cut(relay, 'download') === 3);
  clearInterval(read);
  slow.resume();
  ok((await over(slow)).length > 20_000_000);
  await until(() => unsent(Number(new URL(relay.url).port)) === 0, { what: 'nothing is kept for those who were cut' });
  stalled.forEach((raw) => raw.close());
});

test('C19: a body of the limit, one more, and a chunked one', async () => {
  const relay = await start('--max-body', '1000');
  const post = async (head, body) => {
    const raw = await rawRequest(relay.url, `POST /api/notes/1 HTTP/1.1\r\nHost: x\r\n${head}\r\n\r\n${body}`);
    return Number((await over(raw)).slice(9, 12));
  };
  strictEqual(await post('Content-Length: 1000', 'y'.repeat(1000)), 405, 'the answer of the route');
  strictEqual(await post('Content-Length: 1001', ''), 413);
  const chunks = (n) => `${'64\r\n'}${'y'.repeat(100)}\r\n`.repeat(n);
  strictEqual(await post('Transfer-Encoding: chunked', `${chunks(9)}0\r\n\r\n`), 405);
  strictEqual(await post('Transfer-Encoding: chunked', chunks(11)), 413);
  strictEqual(await post('Content-Length: 1000\r\nExpect: 100-continue', 'y'.repeat(1000)), 100);
});

// Goes on sending although the answer and the end have come, and is not reset. Then it closes.
async function sendOn(relay, head, status) {
  const socket = net.connect({ port: Number(new URL(relay.url).port), host: '127.0.0.1', allowHalfOpen: true });
  const piece = 'y'.repeat(100_000);
  const failed = new Promise((resolve) => { socket.once('error', resolve); });
  let text = '';
  socket.on('data', (octets) => { text += octets; });
  const ended = once(socket, 'end');
  socket.write(`POST /api/notes/1 HTTP/1.1\r\nHost: x\r\n${head}\r\n\r\n${piece}`);
  await within(ended, 'the answer, and the end');
  match(text, new RegExp(`^HTTP/1\\.1 ${status} `));
  for (let i = 0; i < 4; i += 1) {
    socket.write(piece);
    strictEqual(await Promise.race([failed, until(() => unsent(socket.localPort) === 0)]), true, 'it is taken');
  }
  socket.destroy();
}

test('C19: whoever is refused while he is still sending gets his answer, and is not reset', async () => {
  const relay = await start('--max-body', '1MB', '--slow-time', '10min');
  const timed = await start('--slow-time', '1s');
  const open = (to, length) => {
    const socket = net.connect({ port: Number(new URL(to.url).port), host: '127.0.0.1', allowHalfOpen: true });
    socket.on('error', () => {}).resume().write(`POST /api/notes/1 HTTP/1.1\r\nHost: x\r\nContent-Length: ${length}\r\n\r\n`);
    return socket;
  };
  const [silent, endless, slow] = [open(relay, 1_000_001), open(relay, 1_000_001), open(timed, 99_000_000)];
  const send = setInterval(() => { if (endless.writable) endless.write('y'.repeat(50_000)); if (slow.writable) slow.write('y'); }, 100);
  for (const [length, status] of [['Content-Length: 1000001', 413], ['Transfer-Encoding: chunked', 400]]) {
    for (let tries = 0, again = true; again; tries += 1) {
      const began = performance.now();
      again = await sendOn(relay, length, status).then(() => false, (error) => {
        if (tries === 20 || performance.now() - began < 4000) throw error;
        return true; // this machine was silent for as long as nobody may be
      });
    }
  }
  for (const each of [relay, timed]) await until(async () => await each.metric('pgcrier_connections') === 1, { what: 'but not without end' });
  clearInterval(send);
  for (const socket of [silent, endless, slow]) socket.destroy();
});

test('all bodies together: one of the address that holds most gives way', async () => {
  const relay = await start('--body-budget', '1MiB', '--threads', '1'); // two that look at the same moment may refuse one each
  const begin = (localAddress) => rawRequest(relay.url, `POST /api/notes/1 HTTP/1.1\r\nHost: x\r\nContent-Length: 450001\r\n\r\n${'y'.repeat(450_000)}`, { localAddress });
  const held = async () => relay.metric('pgcrier_body_bytes');
  const first = await begin('127.0.0.2');
  await until(async () => await held() > 450_000);
  const second = await begin('127.0.0.2');
  await until(async () => await held() > 900_000);
  const third = await begin('127.0.0.3');
  const loser = await Promise.race([first, second].map((raw) => over(raw).then(() => raw)));
  match(loser.text, /^HTTP\/1\.1 503 [^]*"status":503\}\n$/);
  for (const raw of [third, loser === first ? second : first]) {
    raw.send('y');
    match(await over(raw), /^HTTP\/1\.1 405 /);
  }
  strictEqual(await refused(relay, 'bodies'), 1);
  await until(async () => await held() === 0);
});

test('P04: no descriptors left: no spin, the database is reached, and all is well when they come back', async () => {
  const relay = await app.startRelay({ wrapper: ['prlimit', '--nofile=64'], args: ['--head-time', '1min'] });
  const clients = await Promise.all(Array.from({ length: 200 }, () => silent(relay)));
  await until(async () => await refused(relay, 'connections') > 0);
  const before = await relay.cpu();
  await sleep(1000);
  ok(await relay.cpu() - before < 0.3, 'it waits');
  const killed = (await app.sql(`select pid, pg_terminate_backend(pid) from pg_stat_activity where usename = 'relay'`)).map(({ pid }) => pid);
  ok(killed.length > 0);
  await until(async () => (await app.sql(`select 1 from pg_stat_activity where usename = 'relay' and pid <> all ($1)`, [killed])).length > 0
    && (await get(`${relay.admin}/readyz`)).status === 200, { what: 'it is connected again' });
  clients.forEach((raw) => raw.close());
  await until(() => get(`${relay.url}/api/notes/1`).then(({ status }) => status === 200), { what: 'it serves again' });
});

test('P04: descriptors taken away by somebody else: a pause, not a spin', async () => {
  const relay = await start('--threads', '1');
  const limit = (files) => execFileSync('prlimit', ['--pid', String(relay.pid), `--nofile=${files}:`]);
  const open = readdirSync(`/proc/${relay.pid}/fd`).length;
  limit(open + 3);
  const clients = await Promise.all(Array.from({ length: 50 }, () => silent(relay)));
  const began = performance.now();
  await relay.hears(/accept: Too many open files/);
  await sleep(1000);
  limit(1000);
  const tries = await refused(relay, 'connections');
  ok(tries <= (performance.now() - began) / 100 + 5, `${tries} tries: ten a second`);
  strictEqual((await get(`${relay.url}/api/notes/1`)).status, 200);
  clients.forEach((raw) => raw.close());
});
