// Installing, installing again, dump and restore, uninstalling: as a role that owns its database and
// nothing else.

import { after, test } from 'node:test';
import { deepStrictEqual, match, rejects, strictEqual, throws } from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT, startCluster } from '../lib/cluster.js';
import { until } from '../lib/until.js';

const cluster = await startCluster({ install: false });
after(() => cluster.stop());
await cluster.sql('create role owner login', [], { database: 'postgres' });

const install = join(ROOT, 'db', 'install.sql');
const uninstall = join(ROOT, 'db', 'uninstall.sql');
let databases = 0;
async function freshDatabase() {
  const database = `install_${++databases}`;
  await cluster.sql(`create database ${database} owner owner`, [], { database: 'postgres' });
  return { database, user: 'owner' };
}
const run = (at, ...files) => cluster.psql(files.flatMap((file) => ['-f', file]), at);
const value = (at, text) => cluster.psql(['-At', '-c', text], at).trim();

// Everything that pg_dump knows, without its comments and the random key that newer ones write.
function dump(at, ...args) {
  return execFileSync('pg_dump', ['-h', cluster.directory, '-p', String(cluster.port), '-U', at.user, ...args, at.database], { encoding: 'utf8' })
    .split('\n').filter((line) => !/^(--|\\(un)?restrict)/.test(line)).join('\n');
}

// What pg_dump does not show: the number of objects in every catalog that dropping must clear.
function catalog(at) {
  return value(at, `select json_agg(c) from (
    select 'proc' as what, count(*) from pg_proc union all select 'class', count(*) from pg_class union all
    select 'type', count(*) from pg_type union all select 'trigger', count(*) from pg_trigger union all
    select 'namespace', count(*) from pg_namespace union all select 'description', count(*) from pg_description union all
    select 'constraint', count(*) from pg_constraint union all select 'depend', count(*) from pg_depend union all
    select 'shdepend', count(*) from pg_shdepend union all select 'default_acl', count(*) from pg_default_acl union all
    select 'role', count(*) from pg_roles union all select 'extension', count(*) from pg_extension) c`);
}

const APPLICATION = `
  create schema app;
  create table app.notes (id integer primary key, thread integer);
  create table app.log (id integer) partition by list (id);
  create table app.log_1 partition of app.log for values in (1);
  create function app.note(_id integer) returns json language sql stable as $$ select to_json(n) from app.notes n where id = _id $$;
  create function app.topic(_id integer) returns text language sql stable as $$ select 'thread/' || thread from app.notes where id = _id $$;
  insert into app.notes values (1, 7);`;
const DECLARATIONS = `
  select crier.live('/notes/{id}', 'app.note', topic => 'app.topic');
  select crier.watch('app.notes', 'thread/{thread}');
  select crier.watch('app.log', '/log/{id}');`;
const SEEN = `select (crier.read((select id from crier.routes where path = '/notes/{id}'), '{"id":"1"}'))::text`;
const troubles = (at) => value(at, `select string_agg(declared || ' ' || step || ' ' || detail, ', ') from crier.check() where not ok and step <> 'relay'`);

test('it says nothing, needs no more than an owner, and makes nothing but the schema', async () => {
  const at = await freshDatabase();
  strictEqual(run(at, install), '');
  strictEqual(value(at, 'select crier.version()'), '2');
  strictEqual(value(at, `select string_agg(nspname, ',' order by nspname) from pg_namespace where nspname !~ '^(pg_|information_schema)'`), 'crier,public');
  strictEqual(value(at, `select count(*) from pg_extension where extname <> 'plpgsql'`), '0');
});

test('again: no error, nothing changed, no data lost', async () => {
  const at = await freshDatabase();
  run(at, install);
  cluster.psql(['-c', APPLICATION, '-c', DECLARATIONS, '-c', `select crier.grant_relay('relay')`, '-c', 'grant usage on schema app to relay',
    '-c', `select crier.relay_report('00000000-0000-0000-0000-000000000001', '{"name":"x"}', '[{"key":"/notes/1","subscribers":1}]')`], at);
  const before = dump(at, '--inserts');
  strictEqual(run(at, install), '');
  strictEqual(dump(at, '--inserts'), before);
  strictEqual(troubles(at), '');
});

test('again, where something was lost: it is there again', async () => {
  const at = await freshDatabase();
  run(at, install);
  cluster.psql(['-c', APPLICATION, '-c', DECLARATIONS, '-c', `select crier.grant_relay('relay')`], at);
  const before = dump(at);
  cluster.psql(['-c', 'drop function crier.touch(text)', '-c', 'revoke execute on function crier.items(json) from relay', '-c', 'drop trigger crier_routes_changed on crier.routes',
    '-c', `do $$ begin execute (select format('drop function %s cascade', oid::regprocedure) from pg_proc where proname ~ '^watch_\\d+$' limit 1); end $$`], at);
  run(at, install);
  strictEqual(dump(at), before);
});

test('an older version of the same schema: what it kept of declarations is brought into form, what it lost of its own is dropped', async () => {
  const at = await freshDatabase();
  run(at, install);
  cluster.psql(['-c', APPLICATION, '-c', DECLARATIONS,
    '-c', `create function app.add(_id integer) returns void language sql as 'insert into app.notes values (_id)'`,
    '-c', `create function app.octets(_id integer) returns bytea language sql stable as $$ select 'x'::bytea $$`,
    '-c', `create function app.lost(_id integer) returns json language sql stable as $$ select '1'::json $$`,
    '-c', `select crier.action('POST', '/notes', 'app.add'), crier.blob('/octets/{id}', 'app.octets', type => 'text/plain')`,
    '-c', `select crier.live('/lost/{id}', 'app.lost'), crier.live('/other/{id}', 'app.lost'), crier.channel('/events', 'events')`], at);
  const routes = () => value(at, 'select json_agg(r order by id) from crier.routes r');
  const before = [routes(), dump(at, '-s')];
  cluster.psql(['-c', `update crier.routes set call = '{"body": null, "type": "text/plain", "cache": "no-cache"}', parameters = '[]' where kind <> 'channel'`,
    '-c', `create function crier.build(integer, jsonb, json) returns json language sql as 'select null::json'`,
    '-c', `create function crier.build_quickly(json, integer) returns json language sql as 'select null::json'`,
    '-c', 'drop table crier.pending', '-c', 'create unlogged table crier.pending (xid xid8, topic text, stage smallint, queued bigint, primary key (xid, topic))',
    '-c', 'drop function crier.try_head(integer, json)',
    '-c', `create function crier.try_head(route integer, arguments json, out state text, out message text) language sql as 'select null, null'`], at);
  strictEqual(run(at, install), '');
  deepStrictEqual([routes(), dump(at, '-s')], before);
  strictEqual(troubles(at).replace(/\S+ watch no watch names the topic [^,]+(, )?/g, ''), '');

  cluster.psql(['-c', 'drop function app.lost', '-c', 'drop function app.octets',
    '-c', `create function app.octets(_id integer) returns text language sql stable as $$ select 'x' $$`], at);
  run(at, install);
  strictEqual(routes(), before[0]);
  match(troubles(at), /\/lost\/\{id\} function app\.lost\(integer\) is gone/);
  match(troubles(at), /\/octets\/\{id\} function .*bytea/);
});

test('a failure leaves nothing behind', async () => {
  const at = await freshDatabase();
  cluster.psql(['-c', 'create schema crier', '-c', 'create table crier.routes (id text)'], at);
  const [before, text] = [catalog(at), dump(at)];
  throws(() => run(at, install), /routes/);
  strictEqual(catalog(at), before);
  strictEqual(dump(at), text);
});

test('a newer schema is not overwritten', async () => {
  const at = await freshDatabase();
  run(at, install);
  cluster.psql(['-c', `create or replace function crier.version() returns integer language sql immutable as 'select 3'`], at);
  throws(() => cluster.psql(['-v', 'VERBOSITY=verbose', '-f', install], at), /CR070.*\n.*DETAIL.*\n.*HINT/);
  strictEqual(value(at, 'select crier.version()'), '3');
});

test('the single file has no psql command and installs the same', async () => {
  const [one, other] = [await freshDatabase(), await freshDatabase()];
  const single = execFileSync(join(ROOT, 'scripts', 'single-sql'), [install], { encoding: 'utf8' });
  strictEqual(/^\\/m.test(single), false);
  const client = await cluster.connect(one);
  await client.query(single);
  await client.query(single);
  run(other, install);
  const all = '--exclude-table-data=crier.secret'; // random everywhere
  strictEqual(dump(one, all), dump(other, all));
  throws(() => execFileSync(join(ROOT, 'scripts', 'single-sql'), ['/nowhere'], { stdio: 'pipe' }), { status: 2 });
});

// One file, as a client of its own runs it, without its COMMIT; and whether it waits for somebody's lock.
const unfinished = (file) => execFileSync(join(ROOT, 'scripts', 'single-sql'), [join(ROOT, 'db', file)], { encoding: 'utf8' }).replace(/commit;\s*$/, '');
const waits = (client) => until(async () => (await cluster.sql(
  "select from pg_stat_activity where pid = $1 and wait_event_type = 'Lock'", [client.processID], { database: 'postgres' })).length > 0,
{ what: 'the installation waits' });

test('two at once, where nothing was: one after the other', async () => {
  const at = await freshDatabase();
  const [one, two] = [await cluster.connect(at), await cluster.connect(at)];
  for (const file of ['install.sql', 'talking.sql']) {
    await one.query(unfinished(file));
    const second = two.query(unfinished(file));
    await Promise.all([second, waits(two).then(() => one.query('commit'))]);
    await two.query('commit');
  }
  strictEqual(troubles(at), '');
});

test('where tables are in use: nobody who goes through them in whatever order fails, and it ends', async () => {
  const at = await freshDatabase();
  run(at, install, join(ROOT, 'db', 'talking.sql'), join(ROOT, 'db', 'feeds.sql'));
  cluster.psql(['-c', APPLICATION, '-c', DECLARATIONS], at);
  await cluster.sql(`alter database ${at.database} set deadlock_timeout = '1min'`, [], { database: 'postgres' });
  const [installer, writer] = [await cluster.connect(at), await cluster.connect({ database: at.database })];
  await writer.query(`set deadlock_timeout = '5s'`); // it would be the one to fail
  for (const [file, ...tables] of [
    ['install.sql', 'crier.subscriptions', 'crier.relays'],
    ['talking.sql', 'talking.recordings', 'talking.votes'],
    ['feeds.sql', 'feeds.posts', 'feeds.places'],
    ['uninstall.sql', 'app.notes', 'crier.subscriptions'],
  ]) {
    if (file === 'uninstall.sql') await installer.query('drop schema talking, feeds cascade');
    for (const [first, second] of [tables, tables.toReversed()]) {
      await writer.query(`begin; lock table ${first} in row exclusive mode`);
      const done = installer.query(unfinished(file));
      await Promise.all([done, waits(installer).then(() => writer.query(`lock table ${second} in row exclusive mode; commit`))]);
      await installer.query(file === 'uninstall.sql' ? 'rollback' : 'commit');
    }
  }
});

test('every file of db/functions and db/triggers is installed', () => {
  const list = execFileSync('find', ['db/functions/crier', 'db/triggers/crier', 'db/schema', '-name', '*.sql'], { cwd: ROOT, encoding: 'utf8' });
  const named = readFileSync(install, 'utf8').match(/^\\ir .*$/gm).map((line) => `db/${line.slice(4)}`);
  deepStrictEqual(list.trim().split('\n').filter((file) => !/talking|feeds/.test(file)).sort(), named.filter((file) => !/talking|feeds/.test(file)).sort());
});

test('every SQLSTATE of class CR is told in db/README.md, raised somewhere, and tested', () => {
  const codes = (...args) => {
    const found = execFileSync('grep', ['-rhoE', 'CR0[0-9]{2}', ...args], { cwd: ROOT, encoding: 'utf8' });
    return [...new Set(found.trim().split('\n'))].filter((code) => code !== 'CR000').sort(); // CR000 never leaves crier.try_read
  };
  const told = codes('db/README.md');
  deepStrictEqual(codes('--include=*.sql', 'db/functions/crier', 'db/schema', 'db/uninstall.sql'), told);
  deepStrictEqual(codes('tests/sql', 'tests/process'), told);
});

test('dump and restore: everything works as before', async () => {
  const [from, to] = [await freshDatabase(), await freshDatabase()];
  run(from, install);
  cluster.psql(['-c', APPLICATION, '-c', DECLARATIONS], from);
  const text = dump(from);
  cluster.psql(['-f', '-'], { ...to, input: text });
  strictEqual(dump(to), text);
  strictEqual(troubles(to), '');
  strictEqual(value(to, SEEN).replace(/,[^,]*\)$/, ''), value(from, SEEN).replace(/,[^,]*\)$/, ''));
  match(cluster.psql(['-c', 'listen crier', '-c', 'insert into app.notes values (2, 8)', '-c', 'select 1'], to), /\{"topic":"thread\/8"\}/);
  cluster.psql(['-c', DECLARATIONS], to);
  strictEqual(run(to, install), '');
});

test('uninstalling leaves nothing of it, and everything else', async () => {
  const at = await freshDatabase();
  cluster.psql(['-c', APPLICATION], at);
  const [before, text] = [catalog(at), dump(at)];
  run(at, install);
  cluster.psql(['-c', DECLARATIONS, '-c', `select crier.grant_relay('relay')`], at);
  strictEqual(catalog(at) === before, false);
  strictEqual(run(at, uninstall), '');
  strictEqual(catalog(at), before);
  strictEqual(dump(at), text);
  strictEqual(run(at, uninstall), '', 'again is no error');
  cluster.psql(['-c', 'insert into app.notes values (2, 8)', '-c', 'truncate app.log'], at);
  run(at, install);
});

test('uninstalling stops when something of the user\'s needs the schema', async () => {
  for (const [needs, free] of [
    [`create function app.text_() returns crier.json_text language sql as $$ select '1'::crier.json_text $$`, 'drop function app.text_()'],
    ['create table app.kept (document crier.json_text)', 'drop table app.kept'],
    ['create view app.seen as select path from crier.routes', 'drop view app.seen'],
    ['create table app.encoded (a text, b text default crier.encode(\'x\'))', 'drop table app.encoded'],
  ]) {
    const at = await freshDatabase();
    run(at, install);
    cluster.psql(['-c', APPLICATION, '-c', DECLARATIONS, '-c', needs], at);
    throws(() => cluster.psql(['-v', 'VERBOSITY=verbose', '-f', uninstall], at), /CR072.*\n.*DETAIL.* app\..*\n.*HINT/, needs);
    strictEqual(value(at, 'select crier.version()'), '2');
    cluster.psql(['-c', free], at);
    run(at, uninstall);
  }
});

test('default privileges make nobody a relay', async () => {
  const at = await freshDatabase();
  cluster.psql(['-c', 'alter default privileges grant execute on functions to relay', '-c', 'alter default privileges grant select on tables to relay'], at);
  run(at, install);
  const roles = () => value(at, `select has_schema_privilege('relay', 'crier', 'usage'), (select count(*) from crier.relay_roles())`);
  strictEqual(roles(), 'f|0');
  cluster.psql(['-c', `select crier.grant_relay('relay')`], at);
  run(at, install);
  strictEqual(roles(), 't|1');
});

test('a superuser\'s declarations belong to the schema\'s owner', async () => {
  const at = await freshDatabase();
  run(at, install);
  cluster.psql(['-c', APPLICATION, '-c', DECLARATIONS], { database: at.database });
  strictEqual(value(at, `select string_agg(distinct proowner::regrole::text, ',') from pg_proc where pronamespace = 'crier'::regnamespace`), 'owner');
});

test('a server before 15.20 is warned of, one before 15 refused', async () => {
  const text = readFileSync(join(ROOT, 'db', 'schema', 'preconditions.sql'), 'utf8');
  const client = await cluster.connect();
  const notices = [];
  client.on('notice', (notice) => notices.push(notice));
  const pretend = (version) => client.query(text.replaceAll(`current_setting('server_version_num')`, `'${version}'`));
  await pretend(150020);
  deepStrictEqual(notices, []);
  await pretend(150019);
  strictEqual(notices.length, 1);
  strictEqual(notices[0].severity, 'WARNING');
  match(notices[0].hint, /latest minor/);
  await rejects(pretend(140999), (error) => error.code === 'CR071' && error.detail !== '' && error.hint !== '');
});
