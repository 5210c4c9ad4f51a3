// Arguments by name: found in path and query, typed by PostgreSQL, spelled in one way only.

import { deepStrictEqual, match, ok, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { startApp } from '../lib/app.js';

const app = await startApp();
const UUID = '0123abcd-4567-89ab-cdef-0123456789ab';

const GOOD = [
  ['an integer', '/api/notes/1', { id: 1, body: 'one' }],
  ['an integer with zeros and a plus sign', '/api/notes/%2b0017', null],
  ['a word', '/api/echo/hello', { word: 'hello' }],
  ['a percent-encoded slash, which makes no segment', '/api/echo/a%2Fb', { word: 'a/b' }],
  ['a plus sign in the path, which is one', '/api/echo/a+b', { word: 'a+b' }],
  ['a semicolon, which divides nothing', '/api/echo/a;b=c', { word: 'a;b=c' }],
  ['what looks encoded twice, decoded once', '/api/echo/%2525', { word: '%25' }],
  ['UTF-8', `/api/echo/${encodeURIComponent('é\u2028\u{1F600}')}`, { word: 'é\u2028\u{1F600}' }],
  ['UTF-8 that is not encoded', '/api/echo/é', { word: 'é' }],
  ['quotes and backslashes', '/api/echo/%22%5C%27', { word: '"\\\'' }],
  ['a control character', '/api/echo/%0d%0a%01', { word: '\r\n\u0001' }],
  ['a template of ours', '/api/echo/%7Bword%7D', { word: '{word}' }],
  ['a UUID in upper case', `/api/item/${UUID.toUpperCase()}`, { id: UUID }],
  ['a UUID in braces', `/api/item/%7B${UUID}%7D`, { id: UUID }],
  ['a default', '/api/notes', (d) => d.thread === 0 && d.limit === 100],
  ['the query', '/api/notes?thread=1&limit=5', (d) => d.thread === 1 && d.limit === 5],
  ['an encoded name', '/api/notes?%6cimit=5', (d) => d.limit === 5],
  ['a plus sign in the query, which is a space', '/api/tagged?tags=a+b', ['a b']],
  ['an encoded plus sign in the query', '/api/tagged?tags=a%2Bb', ['a+b']],
  ['an array from one parameter', '/api/sum?numbers=5', { sum: 5 }],
  ['an array from repeated parameters', '/api/sum?numbers=1&numbers=2&numbers=4', { sum: 7 }],
  ['an array from a JSON array', '/api/sum?numbers=[1,2,4]', { sum: 7 }],
  ['an empty JSON array', '/api/sum?numbers=[]', { sum: 0 }],
  ['an array of words, repeated', '/api/tagged?tags=b&tags=a', ['b', 'a']],
  ['an empty value', '/api/tagged?tags=', ['']],
  ['a parameter without an equals sign', '/api/tagged?tags', ['']],
  ['empty pairs', '/api/notes?&&limit=5&', (d) => d.limit === 5],
  ['a numeric', '/api/sum?numbers=1&scale=1.50', { sum: 1.5 }],
  ['a boolean', '/api/flag?on=yes', true],
  ['a name with an underscore, which is the relay\'s', '/api/notes?_whatever=1', (d) => d.limit === 100],
];

for (const [what, path, wanted] of GOOD) {
  test(`C13, S01: taken: ${what}`, async () => {
    const answer = await app.get(encodeURI(path).replace(/%25([0-9A-Fa-f]{2})/g, '%$1'));
    if (wanted === null) { strictEqual(answer.status, 404); return; }
    strictEqual(answer.status, 200, answer.text);
    if (typeof wanted === 'function') ok(wanted(answer.json()), answer.text);
    else deepStrictEqual(answer.json(), wanted);
  });
}

const BAD = [
  ['an integer that is none', '/api/notes/one'],
  ['an integer out of range', '/api/notes/99999999999999999999'],
  ['an integer with a space before the NUL', '/api/notes/1%00'],
  ['a UUID that is none', '/api/item/12'],
  ['a timestamp that is none', '/api/day/yesterdayish'],
  ['a boolean that is none', '/api/flag?on=maybe'],
  ['a numeric that is none', '/api/sum?numbers=1&scale=1,5'],
  ['an array member that is none', '/api/sum?numbers=1&numbers=x'],
  ['a broken JSON array', '/api/sum?numbers=[1,'],
  ['a required one that is missing', '/api/sum'],
  ['an unknown query parameter', '/api/notes?limits=5'],
  ['an unknown one beside a known', '/api/notes?limit=5&offset=1'],
  ['a path parameter again in the query', '/api/notes/1?id=2'],
  ['a repetition of what is no array', '/api/notes?limit=5&limit=6'],
  ['the same value twice', '/api/notes?limit=5&limit=5'],
  ['an empty integer', '/api/notes?limit='],
  ['the function\'s own spelling', '/api/notes?_limit=5', 200], // reserved, hence ignored
  ['an octet that is not UTF-8 in the path', '/api/echo/%FF'],
  ['an overlong form in the path', '/api/echo/%C0%AF'],
  ['a surrogate in the path', '/api/echo/%ED%A0%80'],
  ['beyond Unicode in the path', '/api/echo/%F4%90%80%80'],
  ['half a character in the path', '/api/echo/%C3'],
  ['NUL in the path', '/api/echo/%00'],
  ['a broken escape in the path', '/api/echo/%zz'],
  ['an escape cut off in the path', '/api/echo/%4'],
  ['not UTF-8 in the query', '/api/tagged?tags=%FF'],
  ['NUL in the query', '/api/tagged?tags=%00'],
  ['not UTF-8 in a query name', '/api/tagged?%FF=1'],
  ['more parameters than there may be', `/api/tagged?${'tags=a&'.repeat(65)}`],
];

for (const [what, path, wanted = 400] of BAD) {
  test(`${wanted === 400 ? 'refused' : 'ignored'}: ${what}`, async () => {
    const raw = await app.raw(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
    await raw.closed;
    strictEqual(raw.text.slice(9, 12), String(wanted), raw.text);
    if (wanted === 400) ok(/content-type: application\/problem\+json/i.test(raw.text));
  });
}

test('dots in the path are what the client spelled: encoded ones are a value', async () => {
  const raw = await app.raw('GET /api/echo/%2e%2e HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
  await raw.closed;
  match(raw.text, /\r\n\r\n\{"word" : "\.\."\}$/);
});

test('F27, F28: what is not text is refused before any SQL', async () => {
  const before = await app.metric('pgcrier_resolves_total') + await app.metric('pgcrier_reads_total');
  for (const path of ['/api/echo/%FF', '/api/echo/%00', '/api/tagged?tags=%C0%80', '/api/tagged?tags=%00']) {
    strictEqual((await app.get(path)).status, 400);
  }
  strictEqual(await app.metric('pgcrier_resolves_total') + await app.metric('pgcrier_reads_total'), before);
});

for (const [path, detail] of [
  ['/api/notes/one', '"id": invalid input syntax for type integer: "one"'],
  ['/api/notes/99999999999999999999', '"id": value "99999999999999999999" is out of range for type integer'],
  ['/api/item/12', '"id": invalid input syntax for type uuid: "12"'],
  ['/api/sum?numbers=1&scale=1,5', '"scale": invalid input syntax for type numeric: "1,5"'],
  ['/api/sum?scale=1&numbers=1&numbers=x', '"numbers": invalid input syntax for type integer: "x"'],
]) {
  test(`the answer says which argument it is, and why: ${path}`, async () => {
    const answer = await app.get(path);
    strictEqual(answer.status, 400);
    strictEqual(answer.json().detail, detail);
  });
}

test('a bad argument is 400 on a stream, too', async () => {
  const stream = await app.stream('/api/notes/one');
  strictEqual(stream.status, 400);
  strictEqual(stream.headers['content-type'], 'application/problem+json');
});

test('every spelling of an argument joins the same key', async (t) => {
  await app.forgotten();
  for (const [what, paths] of [
    ['an integer', ['/api/notes/1', '/api/notes/01', '/api/notes/+1', '/api/notes/%31', '/api/notes/%201%20']],
    ['a UUID', [`/api/item/${UUID}`, `/api/item/${UUID.toUpperCase()}`, `/api/item/${UUID.replaceAll('-', '')}`]],
    ['a word', ['/api/echo/a-b', '/api/echo/%61%2Db', '/api/echo/a%2db']],
    ['a timestamp', ['/api/day/2026-01-02T03:04:05Z', '/api/day/2026-01-02%2004:04:05+01', '/api/day/20260102T030405Z']],
    ['a boolean', ['/api/flag?on=true', '/api/flag?on=t', '/api/flag?on=YES', '/api/flag?on=1']],
    ['an array', ['/api/tagged?tags=a&tags=b', '/api/tagged?tags=["a","b"]', '/api/tagged?tags=%5B%22a%22,%20%22b%22%5D']],
    ['a query', ['/api/notes?limit=7&thread=1', '/api/notes?thread=01&limit=+7', '/api/notes?thread=1&limit=7&_x=2']],
  ]) {
    await t.test(what, async () => {
      const streams = [];
      for (const path of paths) streams.push(await app.stream(encodeURI(path).replace(/%25([0-9A-F]{2})/gi, '%$1')));
      const documents = await Promise.all(streams.map((s) => s.next()));
      strictEqual(new Set(documents.map((e) => e.data)).size, 1);
      strictEqual(await app.metric('pgcrier_keys'), 1);
      streams.forEach((s) => s.close());
      await app.forgotten();
    });
  }
});

test('an argument in a path of its own spelling is woken by the topic of the row', async () => {
  const stream = await app.stream('/api/notes/0003');
  await stream.next();
  await app.sql(`update app.notes set body = 'drei' where id = 3`);
  strictEqual(JSON.parse((await stream.next()).data).body, 'drei');
  stream.close();
});
