// cluster.js -- a throw-away PostgreSQL cluster of one's own.
//
//   const cluster = await startCluster();
//   await cluster.sql('insert into …');          one statement through a shared pool
//   const client = await cluster.connect();      a session of one's own (node-postgres)
//   cluster.url()  cluster.tcpUrl()               by Unix socket; by TCP, for proxies
//   await cluster.restart('immediate');          fast | immediate
//   await cluster.stop();
//   const standby = await startStandby(cluster);  await standby.promote();
//
// initdb runs once per checkout; its result is kept in build/ and copied. fsync is
// off: the machine's crash would lose data, a server's crash (`immediate`, kill -9) does not. As root
// the server runs as user postgres. The Unix socket lives in /tmp, because its path may have no more
// than 107 octets. The directory is removed at exit; clusters whose test was killed are swept by the
// next one.

import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, openSync, closeSync, readFileSync, readdirSync, renameSync,
  rmSync, statSync, writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { atExit, exited, freePort, isExecutable, start, userIds } from './process.js';
import { until, within } from './until.js';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const TEMPLATE = join(ROOT, 'build', `cluster-template-${process.getuid()}`);
const PREFIX = 'pgcrier-pg-';
const OWNER = process.getuid() === 0 ? { user: 'postgres', ...userIds('postgres') } : {};

const SETTINGS = {
  fsync: 'off',
  max_connections: 200,
  shared_buffers: '32MB',
  listen_addresses: '127.0.0.1',
  max_prepared_transactions: 10,
  log_line_prefix: '%m [%p] %q%a ',
  timezone: 'UTC',
};

function binDirectory() {
  const candidates = [process.env.PGCRIER_PG_BINDIR, '/usr/lib/postgresql/15/bin'];
  for (const directory of candidates) {
    if (directory && isExecutable(join(directory, 'initdb'))) return directory;
  }
  const directory = execFileSync('pg_config', ['--bindir'], { encoding: 'utf8' }).trim();
  if (!isExecutable(join(directory, 'initdb'))) throw new Error('no initdb: apt-get install postgresql-15');
  return directory;
}
const BIN = binDirectory();

function asOwner(program, args) {
  const prefix = OWNER.user ? ['runuser', '-u', OWNER.user, '--'] : [];
  const [command, ...rest] = [...prefix, program, ...args];
  return execFileSync(command, rest, { cwd: '/', stdio: ['ignore', 'pipe', 'pipe'] });
}

// A fresh directory that the server's user owns and others may enter (for its socket).
function makeDirectory() {
  const directory = mkdtempSync(join(tmpdir(), PREFIX));
  if (OWNER.user) chownSync(directory, OWNER.uid, OWNER.gid);
  chmodSync(directory, 0o755);
  writeFileSync(join(directory, 'test.pid'), String(process.pid));
  return directory;
}

// Two tests may get here at once: each makes its own, the first rename wins.
function ensureTemplate() {
  if (existsSync(TEMPLATE)) return;
  const directory = makeDirectory();
  const data = join(directory, 'data');
  asOwner(join(BIN, 'initdb'), ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale', 'C.UTF-8', '-N']);
  mkdirSync(join(ROOT, 'build'), { recursive: true });
  const draft = `${TEMPLATE}.${process.pid}`;
  execFileSync('cp', ['-a', data, draft]);
  try { renameSync(draft, TEMPLATE); } catch { rmSync(draft, { recursive: true, force: true }); }
  rmSync(directory, { recursive: true, force: true });
}

function sweep() {
  for (const name of readdirSync(tmpdir()).filter((n) => n.startsWith(PREFIX))) {
    const directory = join(tmpdir(), name);
    try {
      const pid = Number(readFileSync(join(directory, 'test.pid'), 'utf8'));
      const postmaster = join(directory, 'data', 'postmaster.pid');
      if (statSync(directory).uid !== (OWNER.uid ?? process.getuid())) continue;
      if (pid > 0 && !existsSync(`/proc/${pid}`) && !existsSync(postmaster)) rmSync(directory, { recursive: true, force: true });
    } catch { /* somebody else's, or just going */ }
  }
}

class Cluster {
  constructor(directory, port) {
    this.directory = directory;
    this.data = join(directory, 'data');
    this.port = port;
    this.user = 'postgres';
    this.database = 'test';
    this.pools = new Map();
    this.clients = new Set();
  }

  // libpq URLs. By socket for everyday, by TCP where a proxy must stand in between.
  url({ user = this.user, database = this.database } = {}) {
    return `postgresql:///${database}?host=${this.directory}&port=${this.port}&user=${user}`;
  }

  tcpUrl({ user = this.user, database = this.database, port = this.port } = {}) {
    return `postgresql://${user}@127.0.0.1:${port}/${database}`;
  }

  async start() {
    const log = openSync(join(this.directory, 'log'), 'a');
    const settings = Object.entries(this.settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    this.server = start(join(BIN, 'postgres'),
      ['-D', this.data, '-p', String(this.port), '-k', this.directory, ...settings],
      { user: OWNER.user, deathSignal: 'INT', cwd: '/', stdio: ['ignore', log, log] });
    closeSync(log);
    const server = this.server;
    const gone = exited(server).then(({ code, signal }) => {
      if (!this.stopping) throw new Error(`postgres ended (${code ?? signal}):\n${this.log()}`);
    });
    gone.catch(() => {}); // told below, if it happens while we wait
    await Promise.race([gone, until(() => this.ready(), { limit: 60_000, what: 'postgres accepts connections' })]);
  }

  async ready() {
    const client = this.newClient({ database: 'postgres' });
    try {
      await client.connect();
      await client.query('select 1');
      return true;
    } finally {
      await client.end().catch(() => {});
    }
  }

  newClient({ user = this.user, database = this.database, ...rest } = {}) {
    const client = new pg.Client({ host: this.directory, port: this.port, user, database, ...rest });
    client.on('error', () => {}); // a restart ends sessions; whoever queries next is told
    return client;
  }

  // A session of one's own; ended with the cluster at the latest.
  async connect(options) {
    const client = this.newClient(options);
    await client.connect();
    this.clients.add(client);
    client.once('end', () => this.clients.delete(client));
    return client;
  }

  pool(database = this.database) {
    if (!this.pools.has(database)) {
      const pool = new pg.Pool({ host: this.directory, port: this.port, user: this.user, database, max: 4 });
      pool.on('error', () => {});
      this.pools.set(database, pool);
    }
    return this.pools.get(database);
  }

  // Rows of one statement (or of the last of several).
  async sql(text, values, { database } = {}) {
    const result = await this.pool(database).query(text, values);
    return (Array.isArray(result) ? result.at(-1) : result).rows;
  }

  async value(text, values, options) {
    const [row] = await this.sql(text, values, options);
    return row && Object.values(row)[0];
  }

  // psql with any arguments; its output. `input` goes to its stdin.
  psql(args, { database = this.database, user = this.user, input } = {}) {
    const result = spawnSync(join(BIN, 'psql'),
      ['-X', '-q', '-v', 'ON_ERROR_STOP=1', '-h', this.directory, '-p', String(this.port), '-U', user, '-d', database, ...args],
      { encoding: 'utf8', cwd: ROOT, input: input ?? '', maxBuffer: 64 << 20 });
    if (result.error) throw result.error;
    if (result.status !== 0) throw new Error(`psql ${args.join(' ')}: ${result.stderr}`);
    return result.stdout;
  }

  install(database = this.database) {
    this.psql(['-f', join(ROOT, 'db', 'install.sql')], { database });
  }

  // Lets commits build documents for as long as they need: a busy machine shall not decide what goes inline.
  async letBuild(ms = 10_000) {
    await this.sql(`create or replace function crier.build_limit() returns real language sql immutable as $$ select ${ms}::real $$`);
  }

  // Another database, with the schema crier unless told otherwise, and a role `relay` for the relay.
  async createDatabase(name, { install = true } = {}) {
    await this.sql(`create database ${name}`, [], { database: 'postgres' });
    if (!install) return;
    this.install(name);
    await this.sql(`select crier.grant_relay('relay')`, [], { database: name });
  }

  // mode: smart | fast | immediate
  async shutdown(mode = 'fast') {
    if (!this.server) return;
    this.stopping = true;
    const signal = { smart: 'SIGTERM', fast: 'SIGINT', immediate: 'SIGQUIT' }[mode];
    const end = exited(this.server);
    this.server.kill(signal);
    await within(end, `postgres stops (${mode})`, 60_000);
    this.server = undefined;
    this.stopping = false;
  }

  async restart(mode = 'fast') {
    await this.shutdown(mode);
    await this.start();
  }

  promote() { return this.sql('select pg_promote()'); }

  // Backends other than our own, as pg_stat_activity shows them.
  backends(where = 'true', values = []) {
    return this.sql(`select * from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid() and (${where})`,
      values, { database: 'postgres' });
  }

  log() {
    try { return readFileSync(join(this.directory, 'log'), 'utf8').slice(-4000); } catch { return ''; }
  }

  async stop() {
    if (this.stopped) return;
    this.stopped = true;
    for (const client of this.clients) client.end().catch(() => {});
    // A query that a failed test left waiting would keep its pool for ever.
    const ended = Promise.allSettled([...this.pools.values()].map((pool) => pool.end()));
    await Promise.race([ended, sleep(5000, undefined, { ref: false })]);
    await this.shutdown('immediate');
    this.remove();
  }

  // Synchronous, for the very end of the process.
  remove() {
    this.forget();
    if (this.server) {
      this.stopping = true;
      this.server.kill('SIGQUIT');
      while (existsSync(`/proc/${this.server.pid}/cwd`)) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
    }
    rmSync(this.directory, { recursive: true, force: true });
  }
}

// settings: more lines of postgresql.conf; install: the schema crier in database `test`.
export async function startCluster({ settings = {}, install = true } = {}) {
  sweep();
  ensureTemplate();
  const directory = makeDirectory();
  const cluster = new Cluster(directory, await freePort());
  cluster.forget = atExit(() => cluster.remove());
  cluster.settings = { ...SETTINGS, ...settings };
  execFileSync('cp', ['-a', TEMPLATE, cluster.data]);
  await cluster.start();
  await cluster.sql(`create role relay login`, [], { database: 'postgres' });
  await cluster.createDatabase('test', { install });
  return cluster;
}

// A streaming standby of a cluster, read-only until promote().
export async function startStandby(primary) {
  const directory = makeDirectory();
  const standby = new Cluster(directory, await freePort());
  standby.forget = atExit(() => standby.remove());
  standby.settings = primary.settings;
  asOwner(join(BIN, 'pg_basebackup'),
    ['-D', standby.data, '-h', primary.directory, '-p', String(primary.port), '-U', primary.user, '-R', '-X', 'stream', '-c', 'fast', '-N']);
  await standby.start();
  return standby;
}
