// How the program starts: options, the file of --config, the environment, and what it says when
// something is wrong: one clear line, and a status that a supervisor can tell apart.

import { match, ok, strictEqual } from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { createServer } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { startApp } from '../lib/app.js';
import { runRelay } from '../lib/relay.js';
import { get } from '../lib/sse.js';

const app = await startApp({ relay: false });
const database = app.cluster.url({ user: 'relay' });
const directory = mkdtempSync(join(tmpdir(), 'pgcrier-options-'));
after(() => rmSync(directory, { recursive: true, force: true }));

function file(name, text) {
  const path = join(directory, name);
  writeFileSync(path, text);
  return path;
}

const taken = createServer().listen({ host: '127.0.0.1', port: 0 });
await new Promise((resolve) => taken.once('listening', resolve));
after(() => taken.close());

for (const [what, args, wanted] of [
  ['an unknown option', ['--databse', 'x'], /--databse/],
  ['an option without its value', ['--listen'], /--listen/],
  ['an argument that is no option', ['8080'], /8080/],
  ['a port that is none', ['--listen', 'http'], /--listen/],
  ['a port out of range', ['--listen', '65536'], /--listen/],
  ['no threads', ['--threads', '0'], /--threads/],
  ['threads that are no number', ['--threads', '2x'], /--threads/],
  ['a negative pool', ['--pool', '-1'], /--pool/],
  ['a time without sense', ['--query-timeout', '5 parsecs'], /--query-timeout/],
  ['a log level that is none', ['--log-level', 'loud'], /--log-level/],
  ['a port in use', ['--listen', `127.0.0.1:${taken.address().port}`], new RegExp(`${taken.address().port}.*in use`)],
  ['an admin port in use', ['--listen', '127.0.0.1:0', '--admin', `127.0.0.1:${taken.address().port}`], /in use/],
  ['an address that is not ours', ['--listen', '192.0.2.1:0'], /192\.0\.2\.1/],
  ['a directory that is not there', ['--listen', '127.0.0.1:0', '--public', join(directory, 'none')], /--public/],
  ['a directory that is a file', ['--listen', '127.0.0.1:0', '--public', '/etc/hostname'], /--public/],
  ['a URL that is none', ['--listen', '127.0.0.1:0', '--database', 'postgresql://['], /--database|invalid|database/],
  ['a file of options that is not there', ['--config', join(directory, 'none')], /none/],
  ['an unknown name in the file', ['--config', file('unknown', 'threads 2\nport 80\n')], /unknown:2.*port|port/],
  ['a wrong value in the file', ['--config', file('wrong', 'threads many\n')], /threads/],
]) {
  test(`${what}: status 2 and one line that names it`, async () => {
    const { code, lines, output } = await runRelay(args.includes('--database') ? args : ['--database', database, ...args]);
    strictEqual(code, 2, lines.join('\n'));
    strictEqual(output, '');
    const complaints = lines.filter((line) => !/listening on|admin on/.test(line));
    strictEqual(complaints.length, 1, lines.join('\n'));
    match(complaints[0], /^pgcrier: /);
    match(complaints[0], wanted);
  });
}

test('--help and --version: status 0, on stdout', async () => {
  const help = await runRelay(['--help']);
  strictEqual(help.code, 0);
  match(help.output, /^Usage: pgcrier /);
  strictEqual(help.lines.length, 0);
  const version = await runRelay(['--version']);
  strictEqual(version.code, 0);
  match(version.output, /^pgcrier \d+\.\d+\.\d+\n$/);
});

test('a database without the schema: status 1, and what to do', async () => {
  await app.sql('create database bare', [], { database: 'postgres' });
  const { code, lines } = await runRelay(['--database', app.cluster.url({ user: 'relay', database: 'bare' }), '--listen', '127.0.0.1:0']);
  strictEqual(code, 1);
  match(lines.at(-1), /install\.sql/);
});

test('a schema of another version: status 1, and both versions', async () => {
  await app.cluster.createDatabase('newer');
  await app.sql('create or replace function crier.version() returns integer language sql immutable as $$ select 99 $$', [], { database: 'newer' });
  const { code, lines } = await runRelay(['--database', app.cluster.url({ user: 'relay', database: 'newer' }), '--listen', '127.0.0.1:0']);
  strictEqual(code, 1);
  match(lines.at(-1), /99/);
});

test('a role without the privileges of a relay: status 1, and how to grant them', async () => {
  await app.sql('create role stranger login', [], { database: 'postgres' });
  const { code, lines } = await runRelay(['--database', app.cluster.url({ user: 'stranger' }), '--listen', '127.0.0.1:0']);
  strictEqual(code, 1);
  match(lines.at(-1), /grant_relay/);
});

test('the file of --config; the command line wins', async () => {
  const path = file('good', `# a comment\n\ndatabase = ${database}\nlisten 127.0.0.1:0\nthreads 1\n  admin   127.0.0.1:0  \nlog-level debug\n`);
  const relay = await app.startRelay({ database: undefined, listen: [], admin: null, args: ['--config', path, '--log-level', 'notice'] });
  strictEqual((await get(`${relay.url}/api/notes/1`)).status, 200);
  strictEqual((await get(`${relay.admin}/healthz`)).status, 200);
  ok(!relay.said(/debug/));
  strictEqual((await relay.stop()).code, 0);
});

test('libpq\'s environment names the database', async () => {
  const relay = await app.startRelay({
    database: undefined,
    env: { PGHOST: app.cluster.directory, PGPORT: String(app.cluster.port), PGUSER: 'relay', PGDATABASE: 'test' },
  });
  strictEqual((await get(`${relay.url}/api/notes/1`)).status, 200);
  strictEqual((await relay.stop()).code, 0);
});

function overSocket(path, url) {
  return new Promise((resolve, reject) => {
    http.get({ socketPath: path, path: url, agent: false }, (response) => {
      response.resume();
      response.once('end', () => resolve(response.statusCode));
    }).once('error', reject);
  });
}

test('a Unix socket, beside a port; one left over is replaced; it is removed at the end', async () => {
  const path = join(directory, 'socket');
  const first = await app.startRelay({ listen: ['127.0.0.1:0', `unix:${path}`] });
  strictEqual(await overSocket(path, '/api/notes/1'), 200);
  ok(statSync(path).isSocket());
  await first.kill();
  ok(existsSync(path), 'SIGKILL leaves it');
  const second = await app.startRelay({ listen: [`unix:${path}`] });
  strictEqual(await overSocket(path, '/api/notes/1'), 200);
  strictEqual((await second.stop()).code, 0);
  ok(!existsSync(path));
});

test('a Unix socket in use, or a file in its place: status 2, and nothing is taken away', async () => {
  const path = join(directory, 'busy');
  const relay = await app.startRelay({ listen: [`unix:${path}`] });
  const second = await runRelay(['--database', database, '--listen', `unix:${path}`]);
  strictEqual(second.code, 2);
  strictEqual(await overSocket(path, '/api/notes/1'), 200);
  strictEqual((await relay.stop()).code, 0);
  const precious = file('precious', 'text');
  strictEqual((await runRelay(['--database', database, '--listen', `unix:${precious}`])).code, 2);
  ok(statSync(precious).isFile());
});

test('several addresses: each is served', async () => {
  const listen = ['127.0.0.1:0', '127.0.0.2:0'];
  if (Object.values(networkInterfaces()).flat().some(({ address }) => address === '::1')) listen.push('[::1]:0');
  const relay = await app.startRelay({ listen });
  strictEqual(relay.urls.length, listen.length);
  for (const url of relay.urls) strictEqual((await get(`${url}/api/notes/1`)).status, 200);
  strictEqual((await relay.stop()).code, 0);
});

test('a port without a host is open on all interfaces, which it says; the admin\'s is not', async () => {
  const relay = await app.startRelay({ listen: ['0'] });
  ok(relay.said(/^pgcrier: listening on http:\/\/127\.0\.0\.1:\d+, and on all other addresses of this machine$/), relay.lines.join('\n'));
  ok(relay.said(/^pgcrier: admin on http:\/\/127\.0\.0\.1:\d+$/), relay.lines.join('\n'));
  strictEqual((await get(`${relay.url.replace('127.0.0.1', '127.0.0.2')}/api/notes/1`)).status, 200);
  strictEqual((await relay.stop()).code, 0);
});

test('a closed stderr does not hurt', async () => {
  const relay = await app.startRelay();
  relay.child.stderr.destroy();
  await app.sql('select pg_terminate_backend(pid) from pg_stat_activity where usename = \'relay\'');
  const stream = await app.stream(`${relay.url}/api/notes/1`);
  strictEqual(stream.status, 200);
  await stream.next();
  stream.close();
  relay.child.kill();
  strictEqual((await relay.exit).code, 0);
});

test('secrets of the URL are in no line of the log', async () => {
  const relay = await app.startRelay({
    database: `postgresql://relay:topsecret@127.0.0.1:1/test?connect_timeout=1`, wait: false, args: ['--log-level', 'debug'],
  });
  await relay.hears(/database/);
  ok(!relay.said(/topsecret/), relay.lines.join('\n'));
  await relay.stop();
});
