// Clients that come back, and what they claim to have.

import { ok, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { startApp } from '../lib/app.js';
import { freePort } from '../lib/process.js';
import { rawRequest } from '../lib/sse.js';
import { until } from '../lib/until.js';

const listen = [`127.0.0.1:${await freePort()}`];
const app = await startApp({ relay: { listen } });

for (const how of ['SIGTERM', 'SIGKILL']) {
  test(`C06, P08: the relay restarted (${how}) with 500 clients that come back: nothing resent, one read per key`, async () => {
    const open = (lastEventId) => Promise.all(Array.from({ length: 500 }, (_, i) => app.stream(`/api/notes/${1 + (i % 3)}`,
      { lastEventId: lastEventId?.[i % 3] })));
    const streams = await open();
    await Promise.all(streams.map((s) => s.next()));
    const ids = streams.slice(0, 3).map((s) => s.lastEventId);
    await app.relay.stop(how);
    await Promise.all(streams.map((s) => s.ended));
    app.relay = await app.startRelay({ listen });
    const again = await open(ids);
    strictEqual(new Set(again.map((s) => s.status)).size, 1);
    const reads = await app.quietReads();
    ok(reads <= 2 * 3, `${reads} reads for three keys`);
    strictEqual(again.reduce((sum, s) => sum + s.events.length, 0), 0);
    ok(new Set(streams.map((s) => s.retry)).size > 50, 'they do not all come back at once');
    await app.sql(`update app.notes set body = body || '!'`);
    await Promise.all(again.map((s) => s.next()));
    again.forEach((s) => s.close());
    await until(async () => await app.metric('pgcrier_subscribers') === 0);
  });
}

for (const [what, id] of [
  ['of 64 KB', Buffer.alloc(65_536, 'A')],
  ['of octets that are no text', Buffer.from([0xff, 0xfe, 0x80, 0x01, 0x7f])],
  ['that is SQL', Buffer.from("'; drop schema app cascade; --")],
  ['twice', Buffer.from('x\r\nLast-Event-ID: y')],
]) {
  test(`C07: a Last-Event-ID ${what}: the document, or 400 or 431, and no SQL of it`, async () => {
    const raw = await rawRequest(app.relay.url, Buffer.concat([
      Buffer.from('GET /api/notes/1 HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\nLast-Event-ID: '), id, Buffer.from('\r\n\r\n')]));
    const text = await raw.until((t) => t.includes('\ndata: {"id" : 1') || /^HTTP\/1.1 4(00|31) /.test(t));
    ok(text.length < 2000);
    raw.close();
  });
}

test('C07: an id in the query that is no id: the document', async () => {
  for (const id of ['', 'x', '%FF', 'A'.repeat(5000), '%27--']) {
    const stream = await app.stream(`/api/notes/1?_last_event_id=${id}`);
    if (id === '%FF') strictEqual(stream.status, 400);
    else strictEqual((await stream.next()).type, 'note');
    stream.close();
  }
});
