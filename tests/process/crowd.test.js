// Ten thousand subscribers connect at once to one document: one read serves them all (G5).

import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { startApp } from '../lib/app.js';
import { until } from '../lib/until.js';

const SUBSCRIBERS = 10_000;
const MOST_QUERIES = 2;
const SPARE = 500; // descriptors of the relay that are no subscriber

const limits = await readFile('/proc/self/limits', 'utf8');
const descriptors = Number(limits.match(/^Max open files +\S+ +(\d+)/m)?.[1] ?? Infinity);
const skip = descriptors < SUBSCRIBERS + SPARE && `a process may open ${descriptors} files here`;

const app = skip ? undefined : await startApp({
  relay: { args: ['--head-time', '2min'] }, // a crowd takes its time to ask
  sql: `
    create function app.long_note(_id integer) returns json language sql stable as $$
      select app.note(_id) from pg_sleep(1)
    $$;
    grant execute on function app.long_note(integer) to relay;
    select crier.live('/api/long/{id}', 'app.long_note(integer)', reread => '1 hour');
    select crier.watch('app.notes', '/api/long/{id}')`,
});
const queries = async () => await app.metric('pgcrier_reads_total') + await app.metric('pgcrier_resolves_total');

async function crowdOf(path, change, fits) {
  const before = await queries();
  const crowd = await app.crowd(path, { readers: SUBSCRIBERS, from: ['127.0.0.2', '127.0.0.3'] });
  await crowd.all(() => true, { limit: 120_000 });
  const report = await crowd.report();
  deepStrictEqual([report.answers, report.failed, report.cut, report.ended], [{ 200: SUBSCRIBERS }, 0, 0, 0], 'nobody is refused');
  strictEqual(await app.metric('pgcrier_subscribers'), SUBSCRIBERS);
  const connected = await queries();
  ok(connected - before <= MOST_QUERIES, `${connected - before} queries for all to connect`);

  const frames = await app.metric('pgcrier_frames_total');
  await app.sql(change);
  await crowd.all(fits, { limit: 120_000 });
  strictEqual(await queries() - connected, 1, 'queries for a change');
  strictEqual(await app.metric('pgcrier_frames_total') - frames, 1, 'frames for a change');
  await crowd.stop();
  await until(async () => await app.metric('pgcrier_subscribers') === 0, { what: 'all have left' });
}

test('C05: a spelling that the database must be asked for', { skip }, () => crowdOf(
  '/api/notes/01', `update app.notes set body = 'spelled' where id = 1`, (event) => event.data.includes('spelled')));

test('C05: a topic that only a read can tell', { skip }, () => crowdOf(
  '/api/threads/1', `update app.notes set body = 'told' where id = 1`, (event) => event.data.includes('told')));

test('C05: a document that takes a second', { skip }, () => crowdOf(
  '/api/long/1', `update app.notes set body = 'at last' where id = 1`, (event) => event.data.includes('at last')));
