// Pages of other origins: who may read, who may write, and that nothing is reflected that was not named.

import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { startApp } from '../lib/app.js';
import { get, openStream } from '../lib/sse.js';

const NAMED = 'https://good.example';
const app = await startApp({ relay: { args: ['--allow-origin', NAMED, '--allow-origin', 'http://localhost:3000'] } });
const any = await app.startRelay({ args: ['--allow-origin', '*'] });
const both = await app.startRelay({ args: ['--allow-origin', '*', '--allow-origin', NAMED] });
const none = await app.startRelay();

const cors = (headers) => Object.fromEntries(Object.entries(headers).filter(([name]) => name.startsWith('access-control-')));
const ask = (relay, path, headers, method = 'GET') => get(`${relay.url}${path}`, { method, headers });
const preflight = (relay, path, origin, method = 'GET') => ask(relay, path,
  { origin, 'access-control-request-method': method, 'access-control-request-headers': 'last-event-id' }, 'OPTIONS');

const FOR_NAMED = {
  'access-control-allow-origin': NAMED, 'access-control-expose-headers': 'ETag, Location', 'access-control-allow-credentials': 'true',
};
const FOR_ANY = { 'access-control-allow-origin': '*', 'access-control-expose-headers': 'ETag, Location' };

test('a named origin may read, with credentials: documents, errors, streams', async () => {
  for (const [path, status] of [['/api/notes/1', 200], ['/api/notes/99', 404], ['/api/notes/x', 400], ['/nothing', 404], ['/api/filled/5000', 500]]) {
    const answer = await ask(app.relay, path, { origin: NAMED });
    strictEqual(answer.status, status, path);
    deepStrictEqual(cors(answer.headers), FOR_NAMED, path);
    ok(answer.headers.vary.includes('Origin'), path);
  }
  const { headers: { etag } } = await ask(app.relay, '/api/notes/1', { origin: NAMED });
  const unchanged = await ask(app.relay, '/api/notes/1', { origin: NAMED, 'if-none-match': etag });
  strictEqual(unchanged.status, 304);
  deepStrictEqual(cors(unchanged.headers), FOR_NAMED);
  const stream = await openStream(app.url('/api/notes/1'), { headers: { origin: NAMED } });
  deepStrictEqual(cors(stream.headers), FOR_NAMED);
  await stream.next();
  stream.close();
});

test('S13: without an Origin there is nothing to say, but that the answer depends on it', async () => {
  const { headers } = await app.get('/api/notes/1');
  deepStrictEqual(cors(headers), {});
  ok(headers.vary.includes('Origin') && headers.vary.includes('Accept'));
  strictEqual((await ask(none, '/api/notes/1')).headers.vary, 'Accept');
  strictEqual((await ask(any, '/api/notes/1', { origin: NAMED })).headers.vary, 'Accept');
});

test('S11: an origin that only looks like it, null, or another: not one header', async () => {
  for (const origin of ['https://evil.example', 'null', 'https://good.example.evil.com', 'https://evilgood.example', 'http://good.example',
    'https://good.example:8443', 'https://good.example/', 'HTTPS://GOOD.EXAMPLE', `${NAMED}, ${NAMED}`, ' ', '*', 'https://good.example\0']) {
    const answer = await ask(app.relay, '/api/notes/1', { origin: origin.replace('\0', '%00') });
    strictEqual(answer.status, 200);
    deepStrictEqual(cors(answer.headers), {}, origin);
    const before = await preflight(app.relay, '/api/notes/1', origin.replace('\0', '%00'));
    strictEqual(before.status, 405);
    deepStrictEqual(cors(before.headers), {}, origin);
  }
});

test('*: any origin, never with credentials; a named one beside it has its own', async () => {
  for (const origin of ['https://evil.example', 'null', NAMED]) {
    deepStrictEqual(cors((await ask(any, '/api/notes/1', { origin })).headers), FOR_ANY);
  }
  deepStrictEqual(cors((await ask(both, '/api/notes/1', { origin: NAMED })).headers), FOR_NAMED);
  deepStrictEqual(cors((await ask(both, '/api/notes/1', { origin: 'https://other.example' })).headers), FOR_ANY);
  ok((await ask(both, '/api/notes/1')).headers.vary.includes('Origin'));
});

test('a preflight: the methods of the route, the headers that we read, and for how long', async () => {
  const answer = await preflight(app.relay, '/api/notes/1', NAMED);
  strictEqual(answer.status, 204);
  deepStrictEqual(cors(answer.headers), {
    ...FOR_NAMED, 'access-control-allow-methods': 'GET, HEAD',
    'access-control-allow-headers': 'content-type, last-event-id, if-none-match', 'access-control-max-age': '7200',
  });
  strictEqual(answer.body.length, 0);
  strictEqual((await preflight(app.relay, '/nothing', NAMED)).status, 404);
  strictEqual((await ask(app.relay, '/api/notes/1', { origin: NAMED }, 'OPTIONS')).status, 405, 'OPTIONS that asks nothing');
  strictEqual((await preflight(none, '/api/notes/1', NAMED)).status, 405);
});

test('S10: a page of another site may not write; an allowed origin, or no browser at all, may', async () => {
  const write = (relay, headers, method = 'POST') => ask(relay, '/api/notes/1', headers, method).then(({ status }) => status);
  // 405 is the answer of the route itself.
  for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
    strictEqual(await write(none, { 'sec-fetch-site': 'cross-site', origin: NAMED }, method), 403, method);
    strictEqual(await write(none, { 'sec-fetch-site': 'cross-site' }, method), 403, method);
  }
  strictEqual(await write(app.relay, { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }), 403);
  strictEqual(await write(app.relay, { 'sec-fetch-site': 'cross-site', origin: NAMED }), 405);
  strictEqual(await write(any, { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }), 405);
  for (const site of ['same-origin', 'same-site', 'none']) strictEqual(await write(none, { 'sec-fetch-site': site }), 405);
  strictEqual(await write(none, {}), 405);
  strictEqual((await ask(none, '/api/notes/1', { 'sec-fetch-site': 'cross-site' })).status, 200, 'reading does no harm');
  ok(await none.metric('pgcrier_refused_total{reason="origin"}') === 8);
});
