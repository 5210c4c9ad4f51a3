// What Accept decides: JSON or a stream, on the same URL.

import { strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { startApp } from '../lib/app.js';

const app = await startApp();
const JSON_TYPE = 'application/json';
const STREAM_TYPE = 'text/event-stream';

// RFC 9110, 12.5.1: the q-value decides, then the order; wildcards prefer neither, hence JSON.
const MATRIX = [
  [undefined, JSON_TYPE],
  ['', JSON_TYPE],
  ['*/*', JSON_TYPE],
  ['text/*', STREAM_TYPE],
  ['application/*', JSON_TYPE],
  ['text/html', JSON_TYPE],
  ['text/event-stream', STREAM_TYPE],
  ['Text/Event-Stream', STREAM_TYPE],
  ['text/event-stream;charset=utf-8', STREAM_TYPE],
  ['application/json', JSON_TYPE],
  ['text/event-stream, application/json', STREAM_TYPE],
  ['application/json, text/event-stream', JSON_TYPE],
  ['text/event-stream;q=0.1,application/json', JSON_TYPE],
  ['text/event-stream;q=0.1, application/json;q=0.05', STREAM_TYPE],
  ['application/json;q=0.9, text/event-stream;q=1.0', STREAM_TYPE],
  ['text/event-stream, */*;q=0.5', STREAM_TYPE],
  ['*/*, text/event-stream;q=0.9', JSON_TYPE],
  ['text/event-stream;q=0, */*', JSON_TYPE],
  ['text/event-stream;q=0', JSON_TYPE],
  ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', JSON_TYPE],
  ['text/event-stream;q=abc', JSON_TYPE],
  [';;;,,=,q=1,/', JSON_TYPE],
  ['text/event-streams', JSON_TYPE],
  ['x'.repeat(4000), JSON_TYPE],
];

for (const [accept, type] of MATRIX) {
  test(`C25: Accept: ${String(accept).slice(0, 70)} gives ${type}`, async () => {
    const stream = await app.stream('/api/notes/1', { headers: { accept } });
    strictEqual(stream.status, 200);
    strictEqual(stream.headers['content-type'], type);
    strictEqual(stream.headers.vary, 'Accept');
    stream.close();
  });
}

test('C25: several Accept headers count as one list', async () => {
  const stream = await app.stream('/api/notes/1', { headers: { accept: ['application/json;q=0.5', 'text/event-stream'] } });
  strictEqual(stream.headers['content-type'], STREAM_TYPE);
  stream.close();
});
