// P03: one relay ends and another goes on, and nobody who asks is refused. (drain.test.js does it under load.)

import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict';
import http from 'node:http';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { _createServerHandle } from 'node:net';
import { test } from 'node:test';
import { startApp } from '../lib/app.js';
import { freePort } from '../lib/process.js';
import { get, rawRequest } from '../lib/sse.js';
import { until } from '../lib/until.js';

const app = await startApp({ relay: false });

// Asks without a pause, half of them on connections that stay open; keeps what went wrong.
function client(url) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  const result = { good: 0, bad: [] };
  let going = true;
  const ask = (kept) => new Promise((resolve) => {
    const request = http.get(`${url}/api/notes/1`, { agent: kept ? agent : false }, (response) => {
      response.resume();
      response.once('end', () => { if (response.statusCode === 200) result.good += 1; else result.bad.push(response.statusCode); resolve(); });
    });
    request.once('error', (error) => { result.bad.push(error.code); resolve(); });
  });
  const loop = async (kept) => { while (going) await ask(kept); };
  const done = Promise.all([loop(true), loop(false), loop(false)]);
  return { result, async stop() { going = false; await done; agent.destroy(); } };
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

// Whether new connections all come to one that does not drain; a relay that drains says that an answer is its last.
async function areElsewhere(url) {
  const raws = await Promise.all(Array.from({ length: 12 }, () => rawRequest(url, 'GET /api/notes/1 HTTP/1.1\r\nHost: x\r\n\r\n')));
  const texts = await Promise.all(raws.map((raw) => raw.until((text) => text.includes('"body"'))));
  for (const raw of raws) raw.close();
  return texts.every((text) => !/^connection: close\r$/im.test(text));
}

test('P03: --reuse-port: one that drains listens for what was meant for it, and new connections are its successor\'s', async () => {
  const port = await freePort();
  const options = { listen: [`127.0.0.1:${port}`], args: ['--reuse-port'] };
  let seen = false;
  for (let tries = 0; tries < 15 && !seen; tries += 1) {
    const relay = await app.startRelay(options);
    const successor = await app.startRelay(options);
    relay.signal('SIGTERM');
    await relay.hears(/draining/);
    // A slow machine may miss the moment for which both listen.
    while (listeners(port) === 2 && !seen) seen = await areElsewhere(relay.url) && listeners(port) === 2;
    strictEqual((await relay.exit).code, 0);
    strictEqual((await successor.stop()).code, 0);
  }
  ok(seen);
});

test('--reuse-port: two relays that stay share what comes', async () => {
  const options = { listen: [`127.0.0.1:${await freePort()}`], args: ['--reuse-port'] };
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

test('P03: a socket that another process holds: restarted, without one connection that is refused', async () => {
  // As systemd does: a socket that listens and from which nobody here accepts.
  const holder = _createServerHandle('127.0.0.1', 0, 4, -1);
  execFileSync(process.execPath, ['-e', 'require("net").createServer().listen({ fd: 3 }, () => process.exit())'],
    { stdio: ['ignore', 'inherit', 'inherit', holder.fd] });
  const where = {};
  holder.getsockname(where);
  const url = `http://127.0.0.1:${where.port}`;
  const passed = () => app.startRelay({
    listen: [], stdio: [holder.fd],
    wrapper: ['sh', '-c', 'LISTEN_PID=$$ LISTEN_FDS=1 exec "$0" "$@"'],
  });
  let relay = await passed();
  strictEqual(relay.url, url, 'and no other address');
  strictEqual((await get(`${url}/api/notes/1`)).status, 200);
  for (let round = 0; round < 3; round += 1) {
    await relay.stop();
    const waiting = get(`${url}/api/notes/1`); // while nobody is there
    relay = await passed();
    ok([200, 503].includes((await waiting).status));
  }
  await relay.stop();
  holder.close();
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
