// P03: one relay ends and another goes on, and nobody who asks is refused. (drain.test.js does it under load.)

import { deepStrictEqual, match, ok, strictEqual } from 'node:assert/strict';
import http from 'node:http';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { _createServerHandle } from 'node:net';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { startApp } from '../lib/app.js';
import { freePort } from '../lib/process.js';
import { startProxy } from '../lib/proxy.js';
import { get, rawRequest } from '../lib/sse.js';
import { until } from '../lib/until.js';

const app = await startApp({ relay: false });

// Asks without a pause, half of them on connections that stay open; keeps what went wrong. A relay that drains
// waits a second for what may be on its way: a client that this machine held up for most of that is late, not
// refused.
function client(url) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  const result = { good: 0, bad: [], late: 0 };
  let going = true;
  let ticked = performance.now();
  let heldUp = -Infinity; // when it was last
  const ticks = setInterval(() => {
    if (performance.now() - ticked > 400) heldUp = performance.now();
    ticked = performance.now();
  }, 50);
  const fail = (error) => {
    if (performance.now() - ticked > 400 || performance.now() - heldUp < 2000) result.late += 1;
    else result.bad.push(error.code);
  };
  const ask = (kept) => new Promise((resolve) => {
    const request = http.get(`${url}/api/notes/1`, { agent: kept ? agent : false }, (response) => {
      response.resume();
      response.once('end', () => { if (response.statusCode === 200) result.good += 1; else result.bad.push(response.statusCode); resolve(); });
    });
    request.once('error', (error) => { fail(error); resolve(); });
  });
  const loop = async (kept) => { while (going) await ask(kept); };
  const done = Promise.all([loop(true), loop(false), loop(false)]);
  return { result, async stop() { going = false; await done; clearInterval(ticks); agent.destroy(); } };
}

test('P03: --reuse-port: a successor on the same port, three times, without one request that fails', async () => {
  const listen = [`127.0.0.1:${await freePort()}`];
  const options = { listen, args: ['--reuse-port'] };
  let relay = await app.startRelay(options);
  const asking = client(relay.url);
  for (let round = 0; round < 3; round += 1) {
    const before = asking.result.good;
    const next = await app.startRelay(options);
    strictEqual((await relay.stop()).code, 0);
    relay = next;
    await until(() => asking.result.good > before + 200);
  }
  await asking.stop();
  deepStrictEqual(asking.result.bad, []);
  strictEqual((await relay.stop()).code, 0);
});

// Sockets that listen on a port of this machine's.
const listeners = (port) => readFileSync('/proc/net/tcp', 'latin1').split('\n')
  .filter((line) => line.includes(`:${port.toString(16).toUpperCase().padStart(4, '0')} 00000000:0000 0A `)).length;

// Whether new connections are all answered, although the relay that drains does not turn: they come to the other.
async function areElsewhere(url) {
  const raws = await Promise.all(Array.from({ length: 12 }, () => rawRequest(url, 'GET /api/notes/1 HTTP/1.1\r\nHost: x\r\n\r\n')));
  const answered = () => raws.every((raw) => raw.text.includes('"body"'));
  await until(answered, { limit: 2000 }).catch(() => {});
  const all = answered();
  for (const raw of raws) raw.close();
  return all;
}

test('P03: --reuse-port: one that drains listens for what was meant for it, and new connections are its successor\'s', async () => {
  const port = await freePort();
  const options = { listen: [`127.0.0.1:${port}`], args: ['--reuse-port'] };
  let seen = false;
  for (let tries = 0; tries < 15 && !seen; tries += 1) {
    const relay = await app.startRelay(options);
    const successor = await app.startRelay(options);
    relay.signal('SIGTERM');
    // It is stopped again and again, and looked at while it is: the moment for which both listen is not missed.
    while (listeners(port) === 2 && !seen) {
      relay.signal('SIGSTOP');
      seen = listeners(port) === 2 && await areElsewhere(relay.url);
      relay.signal('SIGCONT');
      await sleep(2);
    }
    strictEqual((await relay.exit).code, 0);
    strictEqual((await successor.stop()).code, 0);
  }
  ok(seen);
});

test('--reuse-port: two relays that stay share what comes', async () => {
  const options = { listen: [`127.0.0.1:${await freePort()}`], args: ['--reuse-port', '--head-time', '5min'] };
  const relays = [await app.startRelay(options), await app.startRelay(options)];
  const raws = await Promise.all(Array.from({ length: 64 }, () => rawRequest(relays[0].url, '')));
  const counts = await until(async () => {
    const open = await Promise.all(relays.map(async (relay) => await relay.metric('pgcrier_connections') - 1)); // who asks
    return open[0] + open[1] === 64 && open;
  });
  ok(Math.min(...counts) > 5, `${counts}`);
  for (const raw of raws) raw.close();
  for (const relay of relays) strictEqual((await relay.stop()).code, 0);
});

// A socket as systemd holds it: it listens, and nobody here accepts.
function hold(t) {
  const holder = _createServerHandle('127.0.0.1', 0, 4, -1);
  t.after(() => holder.close());
  execFileSync(process.execPath, ['-e', 'require("net").createServer().listen({ fd: 3 }, () => process.exit())'],
    { stdio: ['ignore', 'inherit', 'inherit', holder.fd] });
  const where = {};
  holder.getsockname(where);
  return { fd: holder.fd, url: `http://127.0.0.1:${where.port}` };
}

// A relay that serves on such a socket, and on another one for the admin where there is one.
const passed = (held, { admin, ...options } = {}) => app.startRelay({
  listen: [], ...(admin && { admin: false }), stdio: [held.fd, ...(admin ? [admin.fd] : [])],
  wrapper: ['sh', '-c', `LISTEN_PID=$$ LISTEN_FDS=${admin ? 2 : 1} LISTEN_FDNAMES=web:admin exec "$0" "$@"`], ...options,
});

// Nobody can load the routes as long as this is held; all else works.
async function holdRoutes(t) {
  const client = await app.cluster.connect();
  let held = true;
  const release = async () => { if (held) { held = false; await client.end(); } };
  t.after(release);
  await client.query('begin');
  await client.query('lock table crier.secret in access exclusive mode');
  return release;
}

// A database that is away, until pass().
async function refusing(t) {
  const proxy = await startProxy({ port: app.cluster.port });
  t.after(() => proxy.stop());
  proxy.refuse();
  return Object.assign(proxy, { url: app.cluster.tcpUrl({ user: 'relay', port: proxy.port }) });
}

const isAlone = async (relay) => await relay.metric('pgcrier_connections') === 1; // who asks

test('P03: a socket that another process holds: restarted, and who comes in between is answered by the next', async (t) => {
  const held = hold(t);
  let relay = await passed(held);
  strictEqual(relay.url, held.url, 'and no other address');
  strictEqual((await get(`${held.url}/api/notes/1`)).status, 200);
  for (let round = 0; round < 3; round += 1) {
    await relay.stop();
    const waiting = get(`${held.url}/api/notes/1`); // while nobody is there
    relay = await passed(held);
    strictEqual((await waiting).status, 200);
  }
  await relay.stop();
});

test('P03: a successor with a passed socket takes nobody before it can answer; its predecessor does', async (t) => {
  const held = hold(t);
  const relay = await passed(held);
  const release = await holdRoutes(t);
  const proxy = await refusing(t);
  const successor = await passed(held, { wait: false, database: proxy.url, admin: hold(t) });
  await until(() => proxy.accepted > 10, { what: 'some attempts to connect' });
  proxy.pass();
  await successor.hears(/listening to the database/);
  await until(() => isAlone(relay));
  for (let i = 0; i < 50; i += 1) strictEqual((await get(`${held.url}/api/notes/1`)).status, 200);
  await until(() => isAlone(successor));
  strictEqual((await get(`${successor.admin}/readyz`)).status, 503);
  strictEqual((await relay.stop()).code, 0);
  const waiting = get(`${held.url}/api/notes/1`);
  await until(() => isAlone(successor));
  await release();
  strictEqual((await waiting).status, 200);
  await until(async () => (await get(`${successor.admin}/readyz`)).status === 200);
  strictEqual((await successor.stop()).code, 0);
});

test('P03: --reuse-port: told to go too early, it leaves its clients to a successor that answers when it can', async (t) => {
  const options = { listen: [`127.0.0.1:${await freePort()}`], args: ['--reuse-port'] };
  const relay = await app.startRelay(options);
  const release = await holdRoutes(t);
  const successor = await app.startRelay({ ...options, wait: false });
  await successor.hears(/listening to the database/);
  strictEqual((await relay.stop()).code, 0);
  const waiting = get(`${relay.url}/api/notes/1`);
  await until(() => isAlone(successor));
  await release();
  strictEqual((await waiting).status, 200);
  strictEqual((await successor.stop()).code, 0);
});

test('P03: --reuse-port: a successor that is told to go before it is ready leaves its clients to its predecessor', async (t) => {
  const options = { listen: [`127.0.0.1:${await freePort()}`], args: ['--reuse-port'] };
  const relay = await app.startRelay(options);
  const asking = client(relay.url);
  await holdRoutes(t);
  const successor = await app.startRelay({ ...options, wait: false });
  await successor.hears(/listening to the database/);
  strictEqual((await successor.stop()).code, 0);
  const { good } = asking.result;
  await until(() => asking.result.good > good + 50);
  await asking.stop();
  deepStrictEqual(asking.result.bad, []);
  strictEqual((await relay.stop()).code, 0);
});

test('a socket that was passed, and no database: who waits is told so, and not kept for ever', async (t) => {
  const held = hold(t);
  const proxy = await refusing(t);
  const waiting = get(`${held.url}/api/notes/1`);
  const relay = await passed(held, { wait: false, database: proxy.url });
  const { status, headers } = await waiting;
  strictEqual(status, 503);
  match(headers['retry-after'], /^\d+$/);
  proxy.pass();
  await relay.ready();
  strictEqual((await get(`${held.url}/api/notes/1`)).status, 200);
  strictEqual((await relay.stop()).code, 0);
});

test('sockets that were passed for another process, or that do not listen', async () => {
  const relay = await app.startRelay({ wrapper: ['sh', '-c', 'LISTEN_PID=1 LISTEN_FDS=1 exec "$0" "$@"'] });
  strictEqual((await get(`${relay.url}/api/notes/1`)).status, 200);
  const wrong = await app.startRelay({ listen: [], wait: false, wrapper: ['sh', '-c', 'LISTEN_PID=$$ LISTEN_FDS=1 exec "$0" "$@" 3</dev/null'] });
  strictEqual((await wrong.exit).code, 2);
  app.relays.delete(wrong);
  await wrong.read;
  ok(wrong.said(/descriptor 3.*LISTEN_FDS/), wrong.lines.join('\n'));
});
