// PgBouncer between the relay and PostgreSQL, in transaction mode: good for reads, never for LISTEN.

import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startCluster } from '../lib/cluster.js';
import { exited, freePort, isExecutable, start, userIds } from '../lib/process.js';
import { runRelay, startRelay } from '../lib/relay.js';
import { get, openStream } from '../lib/sse.js';
import { until } from '../lib/until.js';

const PGBOUNCER = '/usr/sbin/pgbouncer';
const skip = !isExecutable(PGBOUNCER) && 'no pgbouncer here';
const asRoot = process.getuid() === 0;

let cluster;
let bouncer;
let directory;
let pooled; // the URL through it

async function startBouncer() {
  const port = await freePort();
  directory = mkdtempSync('/tmp/pgcrier-bouncer-');
  const file = join(directory, 'pgbouncer.ini');
  writeFileSync(join(directory, 'users'), '"relay" ""\n');
  writeFileSync(file, `[databases]
test = host=127.0.0.1 port=${cluster.port} dbname=test
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = trust
auth_file = ${join(directory, 'users')}
pool_mode = transaction
default_pool_size = 2
`);
  const owner = asRoot ? userIds('postgres') : undefined;
  if (owner) for (const path of [directory, file, join(directory, 'users')]) chownSync(path, owner.uid, owner.gid);
  bouncer = start(PGBOUNCER, ['-q', file], { user: asRoot ? 'postgres' : undefined, cwd: '/', stdio: ['ignore', 'ignore', 'inherit'] });
  pooled = cluster.tcpUrl({ user: 'relay', port });
}

before(async () => {
  if (skip) return;
  cluster = await startCluster();
  await cluster.sql(`
    create table item(id integer primary key, n integer not null);
    insert into item values (1, 1);
    grant select on item to relay;
    create function item_document(_id integer) returns json language sql stable as $$ select to_json(i) from item i where id = _id $$;
    select crier.live('/item/{id}', 'item_document(integer)', reread => '1 day');
    select crier.watch('item', '/item/{id}');
    create function item_add(_id integer, n integer) returns text language plpgsql as $$
    begin
      perform set_config('timezone', 'Asia/Tokyo', false), set_config('role', 'relay', false), pg_advisory_lock(_id);
      update item set n = item.n + item_add.n where id = _id;
      return crier.header('x-word');
    end $$;
    create function item_write(_id integer, n integer) returns json language sql as $$
      select json_build_object('word', item_add(_id, n), 'timezone', current_setting('timezone')) $$;
    create function item_bytes(_length integer) returns bytea language sql stable as $$ select convert_to(repeat('x', _length), 'UTF8') $$;
    grant update on item to relay;
    select crier.action('POST', '/item/{id}', 'item_write');
    select crier.blob('/bytes/{length}', 'item_bytes');`);
  await startBouncer();
});

after(async () => {
  if (bouncer) {
    const end = exited(bouncer);
    bouncer.kill('SIGTERM');
    await end;
    rmSync(directory, { recursive: true, force: true });
  }
  await cluster?.stop();
});

test('F11: LISTEN through a transaction pooler: the relay does not start, and says what to give it', { skip }, async () => {
  const { code, lines } = await runRelay(['--database', pooled, '--listen', '127.0.0.1:0']);
  assert.equal(code, 1, lines.join('\n'));
  assert.ok(lines.some((line) => /transaction pooler.*--listen-database/.test(line)), lines.join('\n'));
});

test('F11: reads through the pooler, LISTEN past it: streams, JSON, and changes', { skip }, async () => {
  const relay = await startRelay({ database: pooled, args: ['--listen-database', cluster.url({ user: 'relay' })] });
  const streams = await Promise.all([1, 2, 3].map(() => openStream(`${relay.url}/item/1`)));
  await Promise.all(streams.map((stream) => stream.next()));
  for (let n = 2; n < 20; n += 1) {
    await cluster.sql('update item set n = $1', [n]);
    assert.equal((await get(`${relay.url}/item/1`)).json().n, n);
  }
  await Promise.all(streams.map((stream) => stream.untilDocument((d) => d.n === 19)));
  await until(async () => (await get(`${relay.admin}/readyz`)).status === 200);
  streams.forEach((stream) => stream.close());
  assert.equal((await relay.stop()).code, 0);
});

test('writes and blobs through the pooler: no session is needed, none is left changed', { skip }, async () => {
  const relay = await startRelay({ database: pooled, args: ['--listen-database', cluster.url({ user: 'relay' })] });
  const before = (await get(`${relay.url}/item/1`)).json().n;
  const write = (word) => get(`${relay.url}/item/1`, { method: 'POST', body: '{"n":1}', headers: { 'content-type': 'application/json', 'x-word': word } });
  const answers = await Promise.all(Array.from({ length: 20 }, (_, i) => write(`w${i}`)));
  assert.deepEqual(answers.map((a) => a.json().word), Array.from({ length: 20 }, (_, i) => `w${i}`));
  assert.equal((await get(`${relay.url}/item/1`)).json().n, before + 20);
  assert.equal((await get(`${relay.url}/bytes/1000000`)).body.length, 1_000_000);
  await until(() => cluster.value(`select count(*) = 0 from pg_locks where locktype = 'advisory' and granted`), { what: 'no lock is left' });
  assert.equal((await relay.stop()).code, 0);
});
