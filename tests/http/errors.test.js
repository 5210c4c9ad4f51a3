// What a function may do wrong, and what the caller is told: a status, no SQL.

import { deepStrictEqual, doesNotMatch, match, ok, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { startApp } from '../lib/app.js';
import { get } from '../lib/sse.js';
import { until } from '../lib/until.js';

const app = await startApp();
const hurried = await app.startRelay({ args: ['--query-timeout', '1s'] }); // for what takes longer
let lastId = 100;

async function mood(text) {
  lastId += 1;
  await app.sql('insert into app.moods values ($1, $2)', [lastId, text]);
  return `/api/moods/${lastId}`;
}
const change = (path, text) => app.sql('update app.moods set mood = $2, version = version + 1 where id = $1',
  [Number(path.split('/').at(-1)), text]);

for (const [what, text, status, title] of [
  ['F13: a plain exception', 'P0001', 500],
  ['F13: a division by zero', 'divide', 500],
  ['F13: a missing privilege', '42501', 500],
  ['F13: a duplicate, which only a write may blame on its caller', '23505', 500],
  ['a function that chooses PT402', 'PT402', 402, 'the mood is PT402'],
  ['a function that chooses PT404', 'PT404', 404, 'the mood is PT404'],
  ['a function that chooses PT503', 'PT503', 503, 'the mood is PT503'],
  ['a function that chooses PT200, which is no error', 'PT200', 500],
  ['a function that chooses PT999, which is no status', 'PT999', 500],
  ['a function that chooses PTabc, which is no number', 'PTabc', 500],
  ['F14: a function that returns NULL', 'null', 404],
]) {
  test(`S14: ${what}: ${status}`, async () => {
    const { status: answered, headers, text: body } = await app.get(await mood(text));
    strictEqual(answered, status, body);
    strictEqual(headers['content-type'], 'application/problem+json');
    strictEqual(headers.vary, 'Accept');
    const problem = JSON.parse(body);
    strictEqual(problem.status, status);
    ok(typeof problem.title === 'string' && problem.title.length > 0);
    if (title) strictEqual(problem.title, title);
    doesNotMatch(body, /select|app\.|moods|plpgsql|PL\/pgSQL/i);
    if (status === 503) match(headers['retry-after'], /^\d+$/);
  });
}

test('F12: a read over its time is 503, and the relay goes on', async () => {
  strictEqual((await get(`${hurried.url}${await mood('sleep')}`)).status, 503);
  strictEqual((await get(`${hurried.url}/api/notes/1`)).status, 200);
});

test('F12: an open stream keeps its document while reads take too long, and gets the next good one', async () => {
  const path = await mood('happy');
  const stream = await app.stream(`${hurried.url}${path}`);
  const first = await stream.next();
  const errors = await hurried.metric('pgcrier_read_errors_total');
  await change(path, 'sleep');
  await until(async () => await hurried.metric('pgcrier_read_errors_total') > errors);
  strictEqual(stream.over, undefined);
  await change(path, 'happy');
  deepStrictEqual(JSON.parse((await stream.next()).data), { ...JSON.parse(first.data), version: 2 });
  stream.close();
});

test('F13: an open stream keeps its document while the function raises; the relay tries again by itself', async () => {
  const path = await mood('happy');
  const stream = await app.stream(path);
  await stream.next();
  const errors = await app.metric('pgcrier_read_errors_total');
  await change(path, 'P0001');
  await until(async () => await app.metric('pgcrier_read_errors_total') > errors + 1, { what: 'it tries again' });
  await app.sql(`begin; set local crier.off = 'on'; update app.moods set mood = 'happy', version = 7; commit`);
  strictEqual((await stream.untilDocument((d) => d.version === 7, { limit: 60_000 })).mood, 'happy'); // it backs off to 30 s
  strictEqual(stream.events.length, 2);
  stream.close();
});

test('F13: while it raises, a JSON GET of the same document is the error, not the last good document', async () => {
  const path = await mood('happy');
  const stream = await app.stream(path);
  await stream.next();
  await change(path, 'P0001');
  strictEqual((await app.get(path)).status, 500);
  stream.close();
});

test('F14: NULL while subscribed is an event gone and the end', async () => {
  const path = await mood('happy');
  const stream = await app.stream(path);
  await stream.next();
  await change(path, 'null');
  strictEqual((await stream.next()).type, 'gone');
  deepStrictEqual(await stream.ended, { how: 'end' });
});

test('F16: a document over max_bytes is 500, and the log names the route', async () => {
  strictEqual((await app.get('/api/filled/1000')).body.length, 1000);
  const { status, text } = await app.get('/api/filled/1001');
  strictEqual(status, 500, text);
  await app.relay.hears(/\/api\/filled\/\{size\}/);
});

test('a path that has no route: 404 as a problem, whatever is asked for', async () => {
  for (const accept of ['*/*', 'text/event-stream', 'text/html']) {
    const { status, headers, text } = await app.get('/api/nothing/here', { headers: { accept } });
    strictEqual(status, 404);
    strictEqual(headers['content-type'], 'application/problem+json');
    deepStrictEqual(JSON.parse(text).status, 404);
  }
});

test('an empty segment is no argument', async () => {
  strictEqual((await app.get('/api/notes/')).status, 404);
  strictEqual((await app.get('/api//notes/1')).status, 404);
});

test('a path of more segments than any template has: 404', async () => {
  strictEqual((await app.get('/a'.repeat(2000))).status, 404);
});
