// P05 to P10: what the machine may do to a relay.

import { deepStrictEqual, match, ok, strictEqual } from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { startApp } from '../lib/app.js';
import { ROOT } from '../lib/cluster.js';
import { freePort } from '../lib/process.js';
import { startProxy } from '../lib/proxy.js';
import { SANITIZED } from '../lib/relay.js';
import { get, rawRequest } from '../lib/sse.js';
import { until } from '../lib/until.js';

const directory = mkdtempSync(join(tmpdir(), 'pgcrier-host-'));
after(() => rmSync(directory, { recursive: true, force: true }));
const app = await startApp({ relay: false });
await app.sql(`insert into app.texts values (1, to_json(repeat('x', 300000)))`);
const set = (body, id = 1) => app.sql('update app.notes set body = $1 where id = $2', [body, id]);
const POST = (length) => `POST /api/notes/1 HTTP/1.1\r\nHost: x\r\nContent-Length: ${length}\r\n\r\n`;
const preload = SANITIZED && 'a sanitizer wants to be the first library';

// Bodies below 32 MiB are in memory. Those above are in files, of which libh2o wants a map.
for (const [what, limit, size] of [['memory', 400, 30_000_000], ['address space', 600, 60_000_000]]) {
  test(`P05: no ${what} left: it ends or refuses, and says why, and the next one serves at once`, { skip: SANITIZED && 'a sanitizer takes terabytes' }, async () => {
    const listen = [`127.0.0.1:${await freePort()}`];
    const relay = await app.startRelay({ listen, wrapper: ['prlimit', `--as=${limit << 20}`], args: ['--threads', '2', '--max-body', '256MiB', '--body-budget', '8GiB'] });
    const stream = await app.stream(`${relay.url}/api/notes/1`);
    const { id } = await stream.next();
    // None is complete, so that nothing else answers or ends them.
    const raws = (await Promise.all(Array.from({ length: 12 }, () => rawRequest(relay.url, `${POST(200_000_000)}${'y'.repeat(size)}`).catch(() => undefined)))).filter(Boolean);
    await until(() => relay.said(/\b(no|out of|allocate) memory\b/), { what: 'it says so' });
    await until(() => relay.result !== undefined || raws.some((raw) => raw.over), { what: 'it ends, or a body is refused' });
    for (const raw of raws) {
      raw.close();
      match(raw.text, /^(HTTP\/1\.1 (413|5\d\d) |$)/);
    }
    app.relays.delete(relay); // it may be ended by its own abort(), even now
    ok(['SIGABRT', 'SIGKILL'].includes((await relay.kill()).signal));
    const next = await app.startRelay({ listen });
    const back = await app.stream(`${next.url}/api/notes/1`, { lastEventId: id });
    const body = `after the shortage of ${what}`;
    await set(body);
    await back.untilDocument((d) => d.body === body);
    strictEqual(back.events.length, 1);
    await next.stop();
  });
}

// A library of tests/lib that is loaded before all others.
function library(name) {
  const path = join(directory, `${name}.so`);
  execFileSync('cc', ['-shared', '-fPIC', '-o', path, join(ROOT, 'tests', 'lib', `${name}.c`), '-ldl']);
  return path;
}

test('P06: the clock is set an hour on, and back: nobody is cut, changes arrive, uploads complete', { skip: preload }, async () => {
  const clock = join(directory, 'clock');
  writeFileSync(clock, '0\n');
  const relay = await app.startRelay({
    args: ['--heartbeat', '300ms', '--slow-time', '10min', '--head-time', '10min'], // an hour is more than either
    env: { LD_PRELOAD: library('clock'), CLOCK_FILE: clock },
  });
  const date = async () => Date.parse((await get(`${relay.url}/api/notes/2`)).headers.date);
  const streams = await Promise.all(Array.from({ length: 20 }, () => app.stream(`${relay.url}/api/notes/1`)));
  await Promise.all(streams.map((s) => s.next()));
  const idle = await rawRequest(relay.url, '');
  const upload = await rawRequest(relay.url, `${POST(1000)}${'y'.repeat(500)}`);
  for (const [step, body] of [['3600\n', 'an hour later'], ['-3600\n', 'an hour ago']]) {
    writeFileSync(clock, step);
    await until(async () => Math.abs(await date() - Date.now()) > 3_000_000, { what: 'the clock is another' });
    await set(body);
    await Promise.all(streams.map((s) => s.untilDocument((d) => d.body === body)));
    const before = streams[0].comments.length;
    await until(() => streams[0].comments.length > before, { what: 'heartbeats go on' });
  }
  ok(streams.every((s) => !s.over));
  ok(!idle.over && !upload.over);
  upload.send('y'.repeat(500));
  await upload.until((text) => text.startsWith('HTTP/1.1 405 '));
  idle.send('GET /api/notes/2 HTTP/1.1\r\nHost: x\r\n\r\n');
  await idle.until((text) => text.includes('"two"'));
  strictEqual(relay.lines.filter((line) => /reconnect|lost|again/i.test(line)).length, 0, relay.lines.join('\n'));
  streams.forEach((s) => s.close());
  await relay.stop();
});

test('P07: stopped for a while, and continued: converges', async () => {
  const relay = await app.startRelay();
  const streams = await Promise.all([1, 2, 3].map((id) => app.stream(`${relay.url}/api/notes/${id}`)));
  await Promise.all(streams.map((s) => s.next()));
  relay.signal('SIGSTOP');
  for (let i = 0; i < 20; i += 1) await set(`stopped ${i}`, 1 + (i % 3));
  await app.sql(`select pg_terminate_backend(pid) from pg_stat_activity where usename = 'relay' and query ilike 'listen%'`);
  await set('stopped, the last', 3);
  await sleep(1500);
  relay.signal('SIGCONT');
  await streams[0].untilDocument((d) => d.body === 'stopped 18');
  await streams[1].untilDocument((d) => d.body === 'stopped 19');
  await streams[2].untilDocument((d) => d.body === 'stopped, the last');
  streams.forEach((s) => s.close());
  await relay.stop();
});

// As if for a minute: whose idle time is up meanwhile, whose head or body is incomplete when it stops and comes whole
// before it goes on.
test('P07: stopped for longer than a request may take: what came in that time is answered', { skip: preload }, async () => {
  const clock = join(directory, 'late');
  writeFileSync(clock, '0 0\n');
  const relay = await app.startRelay({ args: ['--head-time', '20s', '--slow-time', '20s'], env: { LD_PRELOAD: library('clock'), CLOCK_FILE: clock } });
  const GET = 'GET /api/notes/2 HTTP/1.1\r\nHost: x\r\n\r\n';
  const [idle, head, body] = await Promise.all([GET, GET.slice(0, 30), `${POST(1000)}${'y'.repeat(500)}`].map((text) => rawRequest(relay.url, text)));
  await idle.until((text) => text.includes('"body"'));
  await sleep(400); // the patrol has seen them
  relay.signal('SIGSTOP');
  const isStopped = (task) => /^State:\tT/m.test(readFileSync(`/proc/${relay.pid}/task/${task}/status`, 'utf8'));
  await until(() => readdirSync(`/proc/${relay.pid}/task`).every(isStopped));
  idle.send(GET);
  head.send(GET.slice(30));
  body.send('y'.repeat(500));
  writeFileSync(clock, '60 60\n');
  await sleep(400); // the patrol is due, too, and comes first
  relay.signal('SIGCONT');
  await idle.until((text) => text.split('"body"').length === 3);
  await head.until((text) => text.includes('"body"'));
  await body.until((text) => text.startsWith('HTTP/1.1 405 '));
  [idle, head, body].forEach((raw) => raw.close());
  await relay.stop();
});

test('who was told that it took too long is believed: what comes of it at that moment is not done', { skip: preload }, async () => {
  await app.sql(`
    create function app.rewrite(_id integer, _body text) returns void language sql as $$ update app.notes set body = _body where id = _id $$;
    select crier.action('PUT', '/api/late/{id}', 'app.rewrite(integer, text)');
    grant execute on function app.rewrite(integer, text) to relay; grant update on app.notes to relay`);
  const relay = await app.startRelay({ args: ['--head-time', '3s'], env: { LD_PRELOAD: library('late_shutdown') } });
  const raw = await rawRequest(relay.url, 'PUT /api/late/2 HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n');
  await raw.until((text) => text.startsWith('HTTP/1.1 408 '));
  raw.send('Content-Length: 17\r\n\r\n{"body" : "late"}');
  await raw.closed;
  strictEqual(raw.text.split('HTTP/1.1').length, 2);
  await until(async () => await relay.metric('pgcrier_connections') === 1);
  strictEqual(await relay.metric('pgcrier_actions_total'), 0);
  await relay.stop();
});

// As if for a minute, in which the link of LISTEN died and nobody was told. That is for the canary to notice.
test('P07: stopped for a minute, deaf afterwards: the canary finds it, converges', { skip: preload }, async () => {
  const clock = join(directory, 'minute');
  const proxy = await startProxy({ port: app.cluster.port });
  writeFileSync(clock, '0 0\n');
  const relay = await app.startRelay({
    args: ['--listen-database', app.cluster.tcpUrl({ user: 'relay', port: proxy.port })],
    env: { LD_PRELOAD: library('clock'), CLOCK_FILE: clock },
  });
  const stream = await app.stream(`${relay.url}/api/notes/1`);
  await stream.next();
  const stopped = async (seconds, meanwhile) => {
    relay.signal('SIGSTOP');
    writeFileSync(clock, `${seconds} ${seconds}\n`);
    await meanwhile?.();
    relay.signal('SIGCONT');
  };
  const ear = await app.cluster.connect();
  const [, channel] = (await app.cluster.value(`select query from pg_stat_activity where application_name = 'pgcrier listener'`)).match(/listen (crier_\w+)/);
  let canaries = 0;
  ear.on('notification', () => { canaries += 1; });
  await ear.query(`listen ${channel}`);
  await stopped(60, async () => {
    proxy.blackHole();
    await set('while it was stopped');
    canaries = 0;
  });
  await until(() => canaries > 0, { what: 'a canary has flown' });
  ok(!relay.said(/did not come back/));
  await stopped(75);
  await relay.hears(/a notification sent through the pool did not come back/);
  proxy.pass();
  await stream.untilDocument((d) => d.body === 'while it was stopped');
  await ear.end();
  strictEqual(stream.over, undefined);
  stream.close();
  strictEqual((await relay.stop()).code, 0);
  await proxy.stop();
});

test('P08: killed in the middle of a broadcast; its clients come back to the next one and converge', async () => {
  const listen = [`127.0.0.1:${await freePort()}`];
  const relay = await app.startRelay({ listen });
  const streams = await Promise.all(Array.from({ length: 100 }, () => app.stream(`${relay.url}/api/notes/1`)));
  await Promise.all(streams.map((s) => s.next()));
  const writing = (async () => { for (let i = 0; i < 50; i += 1) await set(`broadcast ${i}`); })();
  await streams[0].next();
  relay.signal('SIGKILL');
  await Promise.all(streams.map((s) => s.ended));
  await writing;
  const next = await app.startRelay({ listen });
  const back = await Promise.all(streams.map((s) => app.stream(`${next.url}/api/notes/1`, { lastEventId: s.lastEventId })));
  await Promise.all(back.map(async (s, i) => (JSON.parse(streams[i].last?.data ?? '{}').body === 'broadcast 49' ? undefined : s.untilDocument((d) => d.body === 'broadcast 49'))));
  back.forEach((s) => s.close());
  await next.stop();
});

test('P09: short writes, interrupted calls', { skip: preload }, async () => {
  const relay = await app.startRelay({ env: { LD_PRELOAD: library('short_writes') } });
  const streams = await Promise.all(Array.from({ length: 10 }, () => app.stream(`${relay.url}/api/notes/1`)));
  await Promise.all(streams.map((s) => s.next()));
  for (let i = 0; i < 20; i += 1) {
    await set(`short ${i} ${'z'.repeat(i * 97)}`);
    strictEqual((await get(`${relay.url}/api/raw/1`)).body.length, 300_002);
    strictEqual((await get(`${relay.url}/api/notes/1`, { method: 'POST', body: 'y'.repeat(3000) })).status, 405);
  }
  for (const s of streams) {
    await s.untilDocument((d) => d.body.startsWith('short 19 '));
    deepStrictEqual(s.complaints, []);
    s.close();
  }
  strictEqual((await relay.stop()).code, 0);
});

test('P10: nowhere to write, and nobody who hears what it says: it serves, large bodies too or not at all', async (t) => {
  // The binary is opened first: a checkout may be below /tmp.
  const hide = 'exec 9< "$0" && mount -t tmpfs -o size=64k tmpfs /tmp && mount -o remount,ro /tmp && cd / && exec /proc/self/fd/9 "$@" 2>&-';
  try { execFileSync('unshare', ['-m', 'true']); } catch { t.skip('no mount namespaces here'); return; }
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const relay = await app.startRelay({
    database: app.cluster.tcpUrl({ user: 'relay' }), listen: [`127.0.0.1:${port}`], wait: false,
    wrapper: ['unshare', '-m', 'sh', '-c', hide], args: ['--max-body', '200MiB', '--log-level', 'debug'],
  });
  await until(async () => (await get(`${url}/api/notes/2`)).status === 200);
  // libh2o keeps what is longer than 32 MiB in a file of /tmp.
  const raw = await rawRequest(url, POST(50_000_000));
  raw.send('y'.repeat(50_000_000));
  await raw.closed;
  match(raw.text, /^(HTTP\/1\.1 (405|5\d\d) |$)/);
  strictEqual((await get(`${url}/api/notes/2`)).status, 200);
  strictEqual((await relay.stop()).code, 0);
});
