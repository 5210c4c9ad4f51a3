// Writes: arguments, bodies, results, errors. app.sql and writes.sql are the application.

import { deepStrictEqual, doesNotMatch, match, ok, strictEqual } from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { startApp } from '../lib/app.js';
import { ROOT } from '../lib/cluster.js';
import { gateOf } from '../lib/gate.js';
import { SANITIZED } from '../lib/relay.js';
import { get } from '../lib/sse.js';
import { until } from '../lib/until.js';

const app = await startApp({
  sql: readFileSync(join(ROOT, 'tests/lib/writes.sql'), 'utf8'),
  relay: { args: ['--query-timeout', '77s', '--pool', '3'] },
});
const gate = gateOf(app.cluster);

const JSON_TYPE = { 'content-type': 'application/json' };
const FORM_TYPE = { 'content-type': 'application/x-www-form-urlencoded' };
const send = (method, path, body, headers = JSON_TYPE) =>
  app.get(path, { method, body: typeof body === 'object' && !Buffer.isBuffer(body) ? JSON.stringify(body) : body, headers });
const post = (path, body, headers) => send('POST', path, body, headers);
const count = (where = 'true') => app.cluster.value(`select count(*)::integer from app.entries where ${where}`);

function isProblem(answer, status) {
  strictEqual(answer.status, status, answer.text);
  strictEqual(answer.headers['content-type'], 'application/problem+json');
  strictEqual(answer.json().status, status);
  doesNotMatch(answer.text, /select|insert|app\.|secret|entries_|hint|PL\/pgSQL/i);
}

// --- the four methods ------------------------------------------------------------------------------

test('POST creates: 201, Location, the body; the next GET has it; PATCH, DELETE on the same path as a live GET', async () => {
  const made = await post('/api/entries', { title: 'first', tags: ['a', 'b'] });
  strictEqual(made.status, 201, made.text);
  const { id, ...rest } = made.json();
  strictEqual(made.headers.location, `/api/entries/${id}`);
  strictEqual(made.headers['content-type'], 'application/json');
  deepStrictEqual(rest, { title: 'first', n: 5, tags: ['a', 'b'], at: null, parent: null });
  const path = `/api/entries/${id}`;
  const stream = await app.stream(path);
  await stream.next();
  const edited = await send('PATCH', path, { title: 'second', id: 999, other: 1 });
  strictEqual(edited.status, 204);
  strictEqual(edited.text, '');
  strictEqual((await app.get(path)).json().title, 'second', 'a GET after the answer sees the write');
  strictEqual((await stream.untilDocument((d) => d.title === 'second')).id, id);
  const dropped = await send('DELETE', path);
  strictEqual(dropped.json().title, 'second');
  strictEqual((await app.get(path)).status, 404);
  isProblem(await send('DELETE', path), 404);
});

test('feeds: the path decides, silently, when the body has the same name', async () => {
  const { id } = (await post('/api/entries', { title: 'mine' })).json();
  strictEqual((await send('PATCH', `/api/entries/${id}`, { id: id + 1, title: 'much too long' })).status, 422);
  strictEqual((await send('PATCH', `/api/entries/${id}`, { id: 'no number', title: 'ours' })).status, 204);
  strictEqual((await app.get(`/api/entries/${id}`)).json().title, 'ours');
});

test('C26: another method is 405 with Allow, HEAD is the GET\'s, and no action runs', async () => {
  const { id } = (await post('/api/entries', { title: 'allow' })).json();
  for (const method of ['PUT', 'TRACE', 'BREW', 'POST']) {
    const answer = await send(method, `/api/entries/${id}`);
    isProblem(answer, 405);
    deepStrictEqual(answer.headers.allow.split(', ').sort(), ['DELETE', 'GET', 'HEAD', 'PATCH'], method);
  }
  const head = await send('HEAD', `/api/entries/${id}`);
  strictEqual(head.status, 200);
  strictEqual(head.text, '');
  isProblem(await app.get('/api/entries'), 405);
});

// --- arguments -------------------------------------------------------------------------------------

const types = async (body, headers, query = '') => (await post(`/api/types${query}`, body, headers)).json();
const DEFAULTS = { t: 'default', i: 0, b: null, numbers: null, words: null, d: null, j1: null, j2: null, js: null };

for (const [what, body, expected] of [
  ['nothing', {}, {}],
  ['unknown keys, and those of the relay', { other: [1], _t: 'x', __proto__: 1 }, {}],
  ['a string, a number, a truth', { t: 'zażółć\n"', i: 7, b: true }, { t: 'zażółć\n"', i: 7, b: true }],
  ['numbers as strings', { i: '7', b: 'yes', numbers: ['1', 2, null] }, { i: 7, b: true, numbers: [1, 2, null] }],
  ['null is NULL, not the default', { t: null, i: null }, { t: null, i: null }],
  ['arrays', { numbers: [], words: ['a', null, ' "{},\\'] }, { numbers: [], words: ['a', null, ' "{},\\'] }],
  ['a date', { d: '2026-02-28' }, { d: '2026-02-28' }],
  ['json takes anything', { j1: [1, { a: null }], j2: 'text', js: [{ a: 1 }, 'x', 2, null] },
    { j1: [1, { a: null }], j2: 'text', js: [{ a: 1 }, 'x', 2, null] }],
]) {
  test(`JSON arguments: ${what}`, async () => deepStrictEqual(await types(body), { ...DEFAULTS, ...expected }));
}

for (const [what, body] of [
  ['a number for text', { t: 1 }], ['a truth for text', { t: true }], ['an object for text', { t: {} }],
  ['an array for text', { t: ['x'] }], ['a word for an integer', { i: 'seven' }], ['a fraction for an integer', { i: 1.5 }],
  ['an integer that is too large', { i: 3000000000 }], ['an object for an integer', { i: {} }],
  ['an array for an integer', { i: [1] }], ['a truth for an integer', { i: true }],
  ['a string for an array', { words: 'a' }], ['a number in text[]', { words: ['a', 1] }],
  ['a word in integer[]', { numbers: [1, 'x'] }], ['an array in integer[]', { numbers: [[1]] }],
  ['no such day', { d: '2026-02-30' }],
]) {
  test(`JSON arguments: ${what} is 400`, async () => {
    const answer = await post('/api/types', body);
    isProblem(answer, 400);
    match(answer.json().detail, new RegExp(`^"${Object.keys(body)[0]}"`), 'it names the argument');
  });
}

test('query before body; an unknown or a repeated query parameter is 400, a reserved one is nothing', async () => {
  deepStrictEqual(await types({ t: 'body', i: 2 }, JSON_TYPE, '?t=query&_dc=1'), { ...DEFAULTS, t: 'query', i: 2 });
  deepStrictEqual(await types({}, JSON_TYPE, '?words=a&words=b&numbers=1'), { ...DEFAULTS, words: ['a', 'b'], numbers: [1] });
  deepStrictEqual(await types({}, JSON_TYPE, '?words=[%22x%22]&j1={%22a%22:1}'), { ...DEFAULTS, words: ['x'], j1: { a: 1 } });
  for (const query of ['?other=1', '?t=a&t=b', '?i=x', '?t=%ff', '?t=%00', '?j1={']) isProblem(await post(`/api/types${query}`, {}), 400);
});

test('a missing argument without a default is 400, and is named', async () => {
  const answer = await post('/api/entries', { n: 1 });
  isProblem(answer, 400);
  match(answer.json().detail, /"title"/);
});

// --- bodies ----------------------------------------------------------------------------------------

test('C20: PostgreSQL says what is JSON; of equal keys the last counts', async () => {
  deepStrictEqual(await types('{"t":1,"t":"last","t" : "last"}'), { ...DEFAULTS, t: 'last' });
  deepStrictEqual(await types(' \r\n\t{"t":"\\ud83d\\ude00"} '), { ...DEFAULTS, t: '😀' });
  for (const body of ['{', '{"t":1,}', '/* c */{}', '{} x', '{}{}', '\ufeff{}', "{'t':1}", 'NaN', '{"t":"a\nb"}', '{"t":01}',
    '{"t":"\\u0000"}', '{"x":"\\u0000"}', '{"t":"\\ud800"}', '{"\\udc00":1}', '{"t":"\\x"}', '   ',
    '['.repeat(100_000), `{"t":${'['.repeat(100_000)}${']'.repeat(100_000)}}`, '{"a":'.repeat(50_000)]) {
    const answer = await post('/api/types', body);
    isProblem(answer, 400);
    strictEqual(answer.json().title, 'The body is not valid JSON', body.slice(0, 40));
  }
  for (const body of ['[]', '1', '"x"', 'null', 'true']) isProblem(await post('/api/types', body), 400);
});

test('F27, F28: what is not UTF-8, and NUL, are 400 before any SQL', async () => {
  const before = await app.metric('pgcrier_actions_total');
  for (const bytes of ['7b2274223a22ff227d', '7b2274223a22c0af227d', '7b2274223a22eda080227d', '7b007d', '7b2274223a22f4908080227d']) {
    const answer = await post('/api/types', Buffer.from(bytes, 'hex'));
    isProblem(answer, 400);
    match(answer.json().detail, /UTF-8/);
  }
  for (const path of ['/api/divide/%ff', '/api/divide/%00', '/api/divide/%zz']) isProblem(await post(path), 400);
  strictEqual(await app.metric('pgcrier_actions_total') - before, 0);
});

test('C21: the content type of a body, with any parameters and case; 415 otherwise, and nothing is done', async () => {
  for (const type of ['application/json', 'Application/JSON; charset=utf-8', 'application/json;charset="utf-8";x=1',
    ' application/json ', 'application/merge-patch+json']) {
    deepStrictEqual(await types({ i: 1 }, { 'content-type': type }), { ...DEFAULTS, i: 1 }, type);
  }
  const before = await count();
  for (const type of ['text/plain', 'application/jsonp', 'text/json', 'application/+json', 'multipart/form-data; boundary=x', 'json', ';']) {
    isProblem(await post('/api/entries', '{"title":"no"}', { 'content-type': type }), 415);
  }
  isProblem(await post('/api/entries', '{"title":"no"}', {}), 415);
  isProblem(await send('PUT', '/api/payload/x', 'a=1', FORM_TYPE), 415);
  strictEqual(await count(), before);
});

test('JSON that is sent as a form is 415, and says what to do, even where no argument is required', async () => {
  const answer = await post('/api/types', '{"t":"lost"}', FORM_TYPE);
  isProblem(answer, 415);
  match(answer.json().detail, /Content-Type: application\/json/);
});

test('an empty body is {} whatever its type, also without a length', async () => {
  for (const headers of [JSON_TYPE, {}, { 'content-type': 'text/plain' }, FORM_TYPE]) deepStrictEqual(await types('', headers), DEFAULTS);
  const raw = await app.raw('POST /api/types HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\nconnection: close\r\n\r\n');
  await raw.closed;
  match(raw.text, /^HTTP\/1\.1 200 /);
  deepStrictEqual((await send('PUT', '/api/payload/x')).json().payload, {});
});

test('a form: fields by name, repeated ones are arrays, unknown ones nothing', async () => {
  deepStrictEqual(await types('t=a+b%26%C5%BC&i=7&words=x&words=y&numbers=1&b=on&other=1&_x=1&d=2026-01-02', FORM_TYPE),
    { ...DEFAULTS, t: 'a b&ż', i: 7, words: ['x', 'y'], numbers: [1], b: true, d: '2026-01-02' });
  deepStrictEqual(await types('t&&words=&i=1', { 'content-type': 'application/x-www-form-urlencoded;charset=UTF-8' }), { ...DEFAULTS, t: '', i: 1, words: [''] });
  deepStrictEqual(await types('t=body&i=1', FORM_TYPE, '?t=query'), { ...DEFAULTS, t: 'query', i: 1 });
  for (const body of ['t=a&t=b', 't=%ff', 'x=%00', 't=%', 'i=', 'i=x', 'a&'.repeat(1001)]) isProblem(await post('/api/types', body, FORM_TYPE), 400);
});

test('JSON that came as a form, as curl -d sends it, is told from a form that lacks a field', async () => {
  match((await post('/api/entries', '{"title":"no"}', FORM_TYPE)).json().detail, /application\/json/);
  doesNotMatch((await post('/api/entries', 'n=1', FORM_TYPE)).json().detail, /application\/json/);
});

test('the whole body as jsonb, whatever it is; other arguments from path and query alone', async () => {
  for (const payload of [{ source: 'body', a: [1] }, [1, 2], 'text', 7, null, true]) {
    deepStrictEqual((await send('PUT', '/api/payload/here', JSON.stringify(payload))).json(), { source: 'here', payload });
  }
  isProblem(await send('PUT', '/api/payload/here', '{'), 400);
  isProblem(await send('PUT', '/api/payload/here?payload=1', '{}'), 400);
  strictEqual((await post('/api/text-payload', '{"b":1,  "a":2, "a":3}')).text, '{"b":1,  "a":2, "a":3}', 'json keeps its text');
  isProblem(await post('/api/text-payload', '{"a":"\\u0000"}'), 400);
  deepStrictEqual((await post('/api/mixed', { title: 'x', meta: { a: 1 } })).json(), ['x', { a: 1 }]);
  deepStrictEqual((await post('/api/mixed/whole?title=x', { title: 'y' })).json(), ['x', { title: 'y' }]);
});

test('the whole body as bytea: raw octets of any content type', async () => {
  const bytes = Buffer.alloc(3 << 20, 0).map((_, i) => (i * 31 + (i >> 8)) & 255);
  const answer = await post('/api/uploads?title=z&parent=3', bytes, { 'content-type': 'audio/webm;codecs=opus' });
  strictEqual(answer.status, 201, answer.text);
  deepStrictEqual(answer.json(), { title: 'z', parent: 3, length: bytes.length, type: 'audio/webm;codecs=opus',
    sha256: createHash('sha256').update(bytes).digest('hex') });
  strictEqual((await post('/api/uploads?title=z', Buffer.from([0]), {})).json().length, 1);
  strictEqual((await post('/api/uploads?title=z', '', {})).json().length, 0);
  isProblem(await post('/api/uploads', 'x'), 400);
  isProblem(await post('/api/uploads?title=x&parent=y', 'x'), 400);
});

test('a function without body arguments looks at neither body nor content type', async () => {
  for (const [body, headers] of [['', JSON_TYPE], ['{', JSON_TYPE], ['\xff\0', { 'content-type': 'x' }], ['', {}]]) {
    strictEqual((await post('/api/nothing', body, headers)).status, 204);
  }
  isProblem(await post('/api/nothing?x=1'), 400);
});

// --- headers of the request ------------------------------------------------------------------------

test('crier.header: any case, NULL without it, lists joined, nothing left for the next', async () => {
  const header = async (name, headers) => (await post(`/api/headers/${name}`, '', headers)).json();
  strictEqual(await header('X-Word', { 'x-WORD': 'zażółć "x"'.replace(/[^\x20-\x7e]/g, 'ó') }), 'zaóóóó "x"');
  strictEqual(await header('x-word', {}), 'NULL');
  strictEqual(await header('HOST', {}), new URL(app.relay.url).host);
  strictEqual(await header('x-word', { 'x-word': ['a', 'b'] }), 'a, b');
  strictEqual(await header('cookie', { cookie: ['a=1', 'b=2'] }), 'a=1; b=2');
  strictEqual(await header("x-'%3b--", { 'x-word': 'x' }), 'NULL');
  isProblem(await post('/api/headers/x', '', { 'x-long': 'x'.repeat(70_000) }), 431);
  for (let i = 0; i < 3; i += 1) await header('x', { 'x-secret': 'y' });
  for (let i = 0; i < 6; i += 1) strictEqual((await app.get('/api/echo/x')).status, 200);
  deepStrictEqual(await app.sql(`select 1 from pg_stat_activity where query like '%x-secret%' and pid <> pg_backend_pid()`), []);
});

// --- answers ---------------------------------------------------------------------------------------

const answer = (payload) => post('/api/answer', payload);

test('a response sets status, headers and body', async () => {
  let a = await answer({ status: 202, headers: { 'X-One': 'ż', two: 2, three: null, four: ['a', 'b'] }, body: '{"a":1}' });
  strictEqual(a.status, 202);
  strictEqual(a.text, '{"a":1}');
  strictEqual(a.headers['content-type'], 'application/json');
  strictEqual(Buffer.from(a.headers['x-one'], 'latin1').toString(), 'ż');
  strictEqual(a.headers.two, '2');
  strictEqual(a.headers.three, undefined);
  strictEqual(a.headers.four, 'a, b');
  a = await answer({ bytes: '00ff' });
  deepStrictEqual([a.status, a.headers['content-type'], [...a.body]], [200, 'application/octet-stream', [0, 255]]);
  a = await answer({ body: 'x', headers: { 'Content-Type': 'text/plain' } });
  strictEqual(a.headers['content-type'], 'text/plain');
  a = await answer({ headers: {} });
  deepStrictEqual([a.status, a.headers['content-length'], a.headers['content-type']], [200, '0', undefined]);
  a = await post('/api/page');
  deepStrictEqual([a.text, a.headers['content-type'], a.headers['set-cookie']], ['<p>zażółć', 'text/html; charset=utf-8', ['a=1', 'b=2']]);
  a = await answer({ status: 303, headers: { location: '/api/entries' } });
  deepStrictEqual([a.status, a.headers.location], [303, '/api/entries']);
  a = await answer({ status: 599, body: 'x' });
  strictEqual(a.status, 599);
});

test('204, 205 and 304 have no body; NULL is 404', async () => {
  for (const status of [204, 205, 304]) {
    const a = await answer({ status, body: 'never' });
    deepStrictEqual([a.status, a.text, a.headers['content-length']], [status, '', status === 205 ? '0' : undefined]);
  }
  isProblem(await post('/api/null/answer'), 404);
  isProblem(await post('/api/null/json'), 404);
});

test('S12: a header with control characters, a framing header, a status that is none: 500, and nothing of it', async () => {
  for (const payload of [
    { headers: { location: '/\r\nset-cookie: evil=1' } }, { headers: { location: 'a\nb' } }, { headers: { x: 'a\u0001' } }, { headers: { x: '\u007f' } },
    { headers: { 'x\r\nevil': '1' } }, { headers: { '': '1' } }, { headers: { 'a b': '1' } }, { headers: { 'a:b': '1' } },
    { headers: { ':status': '200' } }, { headers: { x: { a: 1 } } }, { headers: ['x'] }, { headers: 'x' },
    { headers: { 'Content-Length': '5' } }, { headers: { 'transfer-encoding': 'chunked' } }, { headers: { connection: 'close' } },
    { headers: { upgrade: 'h2c' } }, { headers: { x: ['ok', 'a\rb'] } }, { headers: { x: 'y'.repeat(20_000) } },
    { status: 199 }, { status: 100 }, { status: 600 }, { status: -1 }, { status: 0 },
  ]) {
    const a = await answer({ body: 'the secret', ...payload });
    isProblem(a, 500);
    strictEqual(a.headers['set-cookie'] ?? a.headers.location ?? a.headers.x, undefined);
  }
});

// --- errors ----------------------------------------------------------------------------------------

for (const [state, status] of [['23505', 409], ['23P01', 409], ['23502', 422], ['23503', 422], ['23514', 422], ['22001', 422],
  ['40001', 503], ['40P01', 503], ['55P03', 503], ['53300', 503], ['P0001', 500], ['22P02', 500], ['22012', 500], ['42501', 500],
  ['42P01', 500], ['PT200', 500], ['PT399', 500], ['PT600', 500], ['PTabc', 500]]) {
  test(`S14, F13: an action that raises ${state}: ${status}, rolled back, nothing of it told`, async () => {
    const before = await count();
    const a = await post(`/api/fail/${state}`);
    isProblem(a, status);
    doesNotMatch(a.text, /its detail/);
    strictEqual(a.headers['retry-after'] !== undefined, status === 503);
    strictEqual(await count(), before);
  });
}

test('PTxyz: the function\'s status, with its MESSAGE as title and its DETAIL as detail', async () => {
  const a = await send('PATCH', '/api/entries/0', { title: 'x' });
  deepStrictEqual([a.status, a.json().title, a.json().detail], [404, 'There is no such entry', 'Look at /api/entries']);
  strictEqual((await post('/api/fail/PT402')).status, 402);
  strictEqual((await post('/api/fail/PT599')).status, 599);
});

test('class 22 is 400 from an argument and 500 from the function', async () => {
  isProblem(await post('/api/divide/x'), 400);
  isProblem(await post('/api/divide/0'), 500);
  strictEqual((await post('/api/divide/1')).text, '1');
});

test('constraints tell: a long text, a check, a missing value; one that is deferred speaks at COMMIT', async () => {
  const before = await count();
  isProblem(await post('/api/entries', { title: 'much too long' }), 422);
  isProblem(await post('/api/entries', { title: 'x', n: 1000 }), 422);
  isProblem(await post('/api/entries', { title: null }), 422);
  isProblem(await post('/api/entries', { title: 'x', parent: 999999 }), 422);
  strictEqual(await count(), before);
  strictEqual((await post('/api/entries', { title: 'seven', n: 7 })).status, 201);
  isProblem(await post('/api/entries', { title: 'seven', n: 7 }), 409);
});

test('F12: an action over its time is 503 and rolled back', async () => {
  const relay = await app.startRelay({ args: ['--query-timeout', '1s'] });
  const before = await count();
  await gate.shut();
  isProblem(await get(`${relay.url}/api/wait`, { method: 'POST' }), 503);
  await gate.open();
  strictEqual(await count(), before);
  await relay.stop();
});

test('C30: a client that goes away in the middle changes nothing about the transaction', async () => {
  await gate.shut();
  const raw = await app.raw('POST /api/wait HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n');
  await until(async () => (await app.cluster.backends(`query like '%crier.act%' and state = 'active'`)).length === 1, { what: 'it works' });
  raw.reset();
  await raw.closed;
  await gate.open();
  await until(async () => (await count(`title = 'waited'`)) === 1, { what: 'it is done' });
});

test('writes that wait leave a connection for reads', async () => {
  let done = 0;
  await gate.shut();
  const waiting = [1, 2, 3, 4].map(() => post('/api/wait').then((a) => { done += 1; return a.status; }));
  await until(async () => (await app.cluster.backends(`query like '%crier.act%' and state = 'active'`)).length >= 2, { what: 'writes work' });
  strictEqual((await app.get('/api/echo/x')).status, 200);
  strictEqual(done, 0, 'the read waited for none of them');
  await gate.open();
  deepStrictEqual(await Promise.all(waiting), [204, 204, 204, 204]);
});

test('S05, S06: whatever a function does to its session, the next request finds it as it was', async () => {
  const before = (await post('/api/state')).json();
  deepStrictEqual({ ...before, headers: '' }, { user: 'relay', timezone: 'UTC', timeout: '77s', headers: '', read_only: 'off', isolation: 'read committed' });
  for (let i = 0; i < 4; i += 1) strictEqual((await post('/api/odd')).status, 204, 'and once more on the same connection');
  for (let i = 0; i < 4; i += 1) {
    deepStrictEqual({ ...(await post('/api/state')).json(), headers: '' }, { ...before, headers: '' });
    strictEqual((await app.get('/api/notes/1')).status, 200);
  }
});

test('S05, S06: nor does a document leave anything in its session, nor what fails', async () => {
  const locks = () => app.cluster.value(`select count(*)::integer from pg_locks where locktype = 'advisory' and objid in (8, 9)`);
  const before = (await app.get('/api/session')).json();
  strictEqual(before.role, 'none');
  for (const [method, path, status] of [['GET', '/api/untidy/false', 200], ['GET', '/api/untidy/true', 500], ['POST', '/api/untidy', 500]]) {
    strictEqual((await (method === 'GET' ? app.get(path) : post(path))).status, status);
    deepStrictEqual((await app.get('/api/session')).json(), before, path);
    strictEqual(await locks(), 0, path);
  }
});

test('S01: SQL in every place is only text', async () => {
  const evil = "x'); drop table app_entries; --";
  strictEqual((await types({ t: evil, words: [evil] })).t, evil);
  strictEqual((await post('/api/types', `{"${evil}":1}`)).status, 200);
  isProblem(await post(`/api/types?${encodeURIComponent(evil)}=1`, {}), 400);
  isProblem(await post(`/api/divide/${encodeURIComponent(evil)}`), 400);
  strictEqual((await types(`t=${encodeURIComponent(evil)}`, FORM_TYPE)).t, evil);
  strictEqual((await post(`/api/headers/${encodeURIComponent(evil)}`, '', { 'x-evil': evil })).status, 200);
  ok(await count() > 0);
});

test('C19: a body at the limit passes, one octet more is 413, and nothing is done', async () => {
  const limit = 16 << 20;
  strictEqual((await post('/api/uploads?title=x', Buffer.alloc(limit), {})).json().length, limit);
  const over = await post('/api/uploads?title=x', Buffer.alloc(limit + 1), {}).catch((error) => ({ status: 413, error }));
  strictEqual(over.status, 413);
});

test('C19: the memory of large bodies comes back', { skip: SANITIZED }, async () => {
  const relay = await app.startRelay();
  const upload = (i) => get(`${relay.url}/api/uploads?title=x`, { method: 'POST', body: Buffer.alloc(16 << 20, i), limit: 60_000 });
  strictEqual((await upload(0)).status, 201);
  const before = await relay.memory();
  const answers = await Promise.all([1, 2, 3, 4, 5, 6].map(upload));
  deepStrictEqual(answers.map((a) => a.status), [201, 201, 201, 201, 201, 201]);
  await until(async () => (await relay.memory()) - before < 16 << 20, { what: 'it is as small as before' });
  await relay.stop();
});

test('C19: who uploads and leaves fills the budget for bodies, and no more', async () => {
  const relay = await app.startRelay({ args: ['--pool', '1', '--body-budget', '20MiB'] });
  const size = 4 << 20;
  const body = Buffer.alloc(size);
  const actions = () => relay.metric('pgcrier_actions_total');
  await gate.shut();
  const slow = get(`${relay.url}/api/wait`, { method: 'POST' });
  await until(async () => await actions() === 1, { what: 'the only connection is taken' });
  let [taken, refused] = [0, false];
  while (!refused && taken < 10) {
    const raw = await app.raw(`POST /api/uploads?title=x HTTP/1.1\r\nhost: x\r\ncontent-length: ${size}\r\n\r\n`, {}, relay);
    raw.send(body);
    await until(async () => (refused = /^HTTP\/1.1 503 /.test(raw.text)) || await actions() === taken + 2, { what: 'it waits for the database' });
    if (!refused) taken += 1;
    raw.reset();
  }
  ok(refused && taken >= 2 && taken <= 5, `${taken} bodies of 4 MiB in 20 MiB`);
  await gate.open();
  strictEqual((await slow).status, 204);
  await until(async () => await relay.metric('pgcrier_body_bytes') === 0, { what: 'all of it comes back' });
  await relay.stop();
});

test('C22: an upload that is aborted half-way calls nothing', async () => {
  const before = await app.metric('pgcrier_actions_total');
  const raw = await app.raw(`POST /api/uploads?title=half HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n${'x'.repeat(500)}`);
  raw.reset();
  await raw.closed;
  await post('/api/nothing');
  strictEqual(await app.metric('pgcrier_actions_total') - before, 1);
});

test('a route that is taken away or changed is so at once; unroute with a method leaves the others', async () => {
  await app.sql(`select crier.action('POST', '/api/changing', 'app.nothing')`);
  await until(async () => (await post('/api/changing')).status === 204, { what: 'it is there' });
  await app.sql(`select crier.action('POST', '/api/changing', 'app.null_json'), crier.action('PUT', '/api/changing', 'app.nothing')`);
  await until(async () => (await post('/api/changing')).status === 404, { what: 'it is another' });
  await app.sql(`select crier.unroute('/api/changing', 'post')`);
  await until(async () => (await post('/api/changing')).status === 405, { what: 'it is gone' });
  strictEqual((await send('PUT', '/api/changing')).status, 204);
});
