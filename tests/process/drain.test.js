// P01, P02, P03 at once: 1,000 streams over every protocol, uploads that come slowly, documents that
// change and clients that keep knocking, while the certificate is renewed, a successor comes, and the
// relay that was there is told to go.

import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { _createServerHandle } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { startApp } from '../lib/app.js';
import { certificate, tlsArgs } from '../lib/certificate.js';
import { freePort } from '../lib/process.js';
import { patient, until, within } from '../lib/until.js';
import { waysTo } from '../lib/ways.js';

const STREAMS = 1000;
const UPLOADS = 5; // over each protocol
const UPLOAD = Buffer.alloc(80_000, 'u');
const GRACE = 1300; // [ms] so long a drain waits for what may come on any connection, and then some
const FIRST_REQUEST = 700; // [ms] so long a drain waits at least for a connection that has come to ask
const PACE = 40; // [ms] between two changes
// Two small documents, and one that no socket takes at once; a few have that.
const document = (i) => (i % 16 === 0 ? '/api/large/3' : `/api/notes/${1 + (i % 2)}`);

const place = mkdtempSync(join(tmpdir(), 'pgcrier-drain-'));
after(() => rmSync(place, { recursive: true, force: true }));

const app = await startApp({
  relay: false,
  sql: `
    create table app.uploads (name text primary key, length integer not null);
    create function app.upload(_name text, _octets bytea) returns crier.response language sql as $$
      insert into app.uploads values (_name, length(_octets)) returning crier.respond(201) $$;
    select crier.action('POST', '/api/uploads/{name}', 'app.upload(text, bytea)');
    create function app.large(_id integer) returns json language sql stable as $$
      select json_build_object('body', n.body, 'text', repeat('x', 300000)) from app.notes n where n.id = _id $$;
    select crier.live('/api/large/{id}', 'app.large(integer)');
    select crier.watch('app.notes', '/api/large/{id}');
    grant select, insert on app.uploads to relay;
    grant execute on all functions in schema app to relay`,
});

// Changes one document after the other until it is stopped; `count` so far.
function writer() {
  const changes = { count: 0 };
  let going = true;
  const done = (async () => {
    while (going) {
      changes.count += 1;
      await app.sql('update app.notes set body = $1 where id = $2', [`${changes.count}`, 1 + (changes.count % 3)]);
      await sleep(PACE);
    }
  })();
  changes.stop = async () => { going = false; await done; };
  return changes;
}

// Asks without a pause, every time on a connection of its own. Where this process is so starved that it does
// not come to ask for longer than a relay that drains waits, it may be told to go; on any other machine, never.
function knock(way) {
  const client = { good: 0, bad: [] };
  let going = true;
  const done = (async () => {
    while (going) {
      const began = performance.now();
      await way.get('/api/notes/1').then(
        ({ status }) => { if (status === 200) client.good += 1; else client.bad.push(`${way.name}: ${status}`); },
        (error) => {
          if (performance.now() - began < FIRST_REQUEST) client.bad.push(`${way.name}: ${error.code} ${error.message}`);
        },
      );
    }
  })();
  client.stop = async () => { going = false; await done; };
  return client;
}

const seen = (stream) => Number(stream.document?.body) || 0;

async function openAll(ways) {
  const streams = (await Promise.all(ways.map((way, w) => way.streams(
    Array.from({ length: STREAMS }, (_, i) => i).filter((i) => i % ways.length === w).map(document))))).flat();
  for (const stream of streams) app.streams.add(stream);
  await Promise.all(streams.map((stream) => stream.next()));
  strictEqual(streams.length, STREAMS);
  return streams;
}

async function beginUploads(ways, relay) {
  const uploads = await Promise.all(ways.flatMap((way) => Array.from({ length: UPLOADS },
    (_, i) => way.upload(`/api/uploads/${encodeURIComponent(`${way.name} ${i}`)}`, UPLOAD)
      .then((upload) => ({ way, ...upload })))));
  await until(async () => await relay.metric('pgcrier_body_bytes') >= uploads.length * UPLOAD.length / 2,
    { what: 'the uploads have begun' });
  return uploads;
}

// Everybody sees a change that comes now, the large document included.
async function goOn(streams, changes) {
  const from = changes.count;
  await Promise.all(streams.map((stream) => stream.when(() => (seen(stream) > from ? true : undefined), `a change after ${from}`)));
}

async function renew(relay, mine, ways) {
  const other = certificate({ name: 'second' });
  strictEqual(ways.filter((way) => way.certificate === 'first').length, 2);
  copyFileSync(other.cert, mine.cert);
  copyFileSync(other.key, mine.key);
  relay.signal('SIGHUP');
  await relay.hears(/^pgcrier: SIGHUP: new connections get the new certificate$/);
  await until(() => ways.filter((way) => way.certificate === 'second').length === 2, { what: 'the new certificate is shown' });
}

// start(pem): a relay that shares its sockets with the others so started.
async function takeOver(t, { start, waysOf }) {
  const mine = certificate({ name: 'first' });
  await app.sql('truncate app.uploads');
  const relay = await start(mine);
  const ways = waysOf(relay);
  const streams = await openAll(ways);
  const changes = writer();
  const clients = ways.map(knock);
  const good = () => clients.map((client) => client.good);
  t.after(() => Promise.all([changes, ...clients].map((it) => it.stop())));
  const uploads = await beginUploads(ways, relay);

  await renew(relay, mine, ways);
  await goOn(streams, changes);
  deepStrictEqual(streams.filter((stream) => stream.over), []);

  const successor = await start(mine);
  const began = performance.now();
  relay.signal('SIGTERM');
  for (const stream of streams) {
    deepStrictEqual(await within(stream.ended, 'a stream ends'), { how: 'end' });
    deepStrictEqual(stream.complaints, []);
  }
  // First those over HTTP/2, and the others when new connections have had their moment, too.
  const finish = (some) => Promise.all(some.map((upload) => upload.finish()));
  const answers = await finish(uploads.filter(({ way }) => way.isHttp2));
  await sleep(Math.max(0, GRACE - (performance.now() - began)));
  strictEqual(relay.result, undefined, 'the uploads are waited for');
  answers.push(...await finish(uploads.filter(({ way }) => !way.isHttp2)));
  deepStrictEqual(answers, uploads.map(() => 201));
  strictEqual((await within(relay.exit, 'exit')).code, 0);
  ok(performance.now() - began < patient(10_000));
  const rows = await app.sql('select count(*)::integer as n, min(length) as least from app.uploads');
  deepStrictEqual(rows, [{ n: uploads.length, least: UPLOAD.length }]);

  const before = good();
  await until(() => good().every((n, i) => n > before[i] + 5), { what: 'the successor serves over every protocol' });
  const again = (await Promise.all(ways.map((way) => way.streams(['/api/notes/1', '/api/large/3'])))).flat();
  for (const stream of again) app.streams.add(stream);
  await goOn(again, changes);
  await Promise.all(clients.map((client) => client.stop()));
  await changes.stop();
  deepStrictEqual(clients.flatMap((client) => client.bad), []);
  strictEqual((await successor.stop()).code, 0);
}

const drainTime = ['--drain', `${patient(9)}s`];

// Sockets as systemd holds them: they listen, and nobody here accepts.
function hold() {
  const path = join(place, 's');
  const handles = [_createServerHandle('127.0.0.1', 0, 4), _createServerHandle('127.0.0.1', 0, 4), _createServerHandle(path, -1, -1)];
  const fds = handles.map(({ fd }) => fd);
  execFileSync(process.execPath, ['-e', `
    let left = 3;
    for (const fd of [3, 4, 5]) require("net").createServer().listen({ fd }, () => { left -= 1; if (left === 0) process.exit(); })`],
  { stdio: ['ignore', 'inherit', 'inherit', ...fds] });
  return { fds, path, close() { for (const handle of handles) handle.close(); } };
}

test('P01, P02, P03: all at once, with sockets that another process holds', async (t) => {
  const held = hold();
  t.after(() => held.close());
  await takeOver(t, {
    start: ({ cert, key }) => app.startRelay({
      listen: [], stdio: held.fds, args: ['--tls-cert', cert, '--tls-key', key, ...drainTime],
      wrapper: ['sh', '-c', 'LISTEN_PID=$$ LISTEN_FDS=3 LISTEN_FDNAMES=web:tls:web exec "$0" "$@"'],
    }),
    waysOf: (relay) => waysTo({ plain: relay.url, secure: relay.tlsUrl, path: held.path }),
  });
});

test('P01, P02, P03: all at once, with --reuse-port', async (t) => {
  const [plain, secure] = [await freePort(), await freePort()];
  await takeOver(t, {
    start: ({ cert, key }) => app.startRelay({
      listen: [`127.0.0.1:${plain}`],
      args: ['--reuse-port', '--tls-listen', `127.0.0.1:${secure}`, '--tls-cert', cert, '--tls-key', key, ...drainTime],
    }),
    waysOf: (relay) => waysTo({ plain: relay.url, secure: relay.tlsUrl }),
  });
});
