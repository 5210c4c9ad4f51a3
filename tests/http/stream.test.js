// A document as a stream: its exact headers, its bytes, ids and resuming, changes, its end.

import { deepStrictEqual, match, notStrictEqual, ok, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { startApp } from '../lib/app.js';
import { until } from '../lib/until.js';

const app = await startApp();
const update = (id, body) => app.sql('update app.notes set body = $2 where id = $1', [id, body]);

test('status and headers are exactly these', async () => {
  const stream = await app.stream('/api/notes/1');
  strictEqual(stream.status, 200);
  const { date, ...headers } = stream.headers;
  ok(date);
  deepStrictEqual(headers, {
    connection: 'upgrade', // over HTTP/1.1: the socket is taken over from libh2o
    'cache-control': 'no-cache, no-transform',
    'content-type': 'text/event-stream',
    server: 'pgcrier',
    'transfer-encoding': 'chunked',
    vary: 'Accept',
    'x-accel-buffering': 'no',
    'x-content-type-options': 'nosniff',
  });
  stream.close();
});

test('the first bytes: a retry of its own for each, then the document with its id', async () => {
  const streams = await Promise.all(Array.from({ length: 12 }, () => app.stream('/api/notes/1')));
  const { headers } = await app.get('/api/notes/1');
  for (const stream of streams) {
    deepStrictEqual(await stream.next(), {
      type: 'note', data: '{"id" : 1, "body" : "one"}', id: headers.etag.slice(1, -1), ownId: headers.etag.slice(1, -1),
    });
    ok(stream.retry >= 500 && stream.retry <= 10_000, `retry ${stream.retry}`);
    deepStrictEqual(stream.complaints, []);
    stream.close();
  }
  ok(new Set(streams.map((s) => s.retry)).size > 1, 'jitter');
});

test('the event is called message unless the route says otherwise', async () => {
  const stream = await app.stream('/api/notes?thread=1');
  strictEqual((await stream.next()).type, 'message');
  stream.close();
});

test('data is one line with the bytes of the JSON body', async () => {
  await app.sql(`insert into app.texts values (1, $1)`, ['{\r\n "a" : 1,\r"b":\n"\u2028\\r\\né\u{1F600}" }']);
  const raw = await app.raw('GET /api/raw/1 HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n\r\n');
  await raw.until((text) => text.includes('}\n\n'));
  const { body } = await app.get('/api/raw/1');
  ok(raw.received.includes(Buffer.concat([Buffer.from('\ndata: '), body, Buffer.from('\n\n')])));
  raw.close();
});

test('every change arrives, the last one always, and never an older one after a newer', async () => {
  const stream = await app.stream('/api/notes/1');
  for (let i = 1; i <= 100; i += 1) await update(1, String(i).padStart(3, '0'));
  await stream.untilDocument((d) => d.body === '100');
  const seen = stream.events.slice(1).map((e) => JSON.parse(e.data).body);
  deepStrictEqual(seen, [...seen].sort());
  stream.close();
});

test('a change is heard by every stream of the document and by no other', async () => {
  const [a, b, other] = await Promise.all(['/api/notes/1', '/api/notes/1', '/api/notes/3'].map((p) => app.stream(p)));
  await other.next();
  await update(1, 'heard');
  await Promise.all([a, b].map((s) => s.untilDocument((d) => d.body === 'heard')));
  await update(3, 'now');
  strictEqual(JSON.parse((await other.next()).data).body, 'now');
  for (const s of [a, b, other]) s.close();
});

test('touching a topic refreshes all query variants of it', async () => {
  const paths = ['/api/notes', '/api/notes?thread=0', '/api/notes?limit=1', '/api/notes?limit=100&thread=1'];
  const streams = await Promise.all(paths.map((path) => app.stream(path)));
  await Promise.all(streams.map((s) => s.next()));
  await app.sql(`insert into app.notes values (0, 0, 'first'), (4, 1, 'fourth')`);
  await Promise.all(streams.map((s) => s.next()));
  deepStrictEqual(streams[2].document.notes, [[0, 'first']]);
  for (const s of streams) s.close();
  await app.sql('delete from app.notes where id in (0, 4)');
});

test('a route with a topic function follows its topic, also to another one', async () => {
  await app.sql(`insert into app.notes values (20, 5, 'a'), (21, 5, 'b'), (22, 6, 'c')`);
  const stream = await app.stream('/api/threads/20');
  await stream.next();
  await app.sql(`update app.notes set thread = 6, body = 'moved' where id = 20`);
  await stream.untilDocument((d) => d.body === 'moved');
  await app.sql(`begin; set local crier.off = 'on'; update app.notes set body = 'told' where id = 20; commit`);
  await app.sql(`update app.notes set body = 'c2' where id = 22`); // the same thread, another note
  await stream.untilDocument((d) => d.body === 'told');
  stream.close();
});

test('an unchanged document is never sent again', async () => {
  const stream = await app.stream('/api/notes/1');
  await stream.next();
  const reads = await app.metric('pgcrier_reads_total');
  await app.sql(`update app.notes set body = body where id = 1`);
  await until(async () => await app.metric('pgcrier_reads_total') > reads, { what: 'the touch is read' });
  await update(1, 'after nothing');
  strictEqual(JSON.parse((await stream.next()).data).body, 'after nothing');
  stream.close();
});

test('resuming', async (t) => {
  const first = await app.stream('/api/notes/2');
  const { id } = await first.next();
  first.close();
  const marker = async (stream, body) => {
    await update(2, body);
    return JSON.parse((await stream.next()).data).body;
  };
  const restore = async (stream) => {
    stream.close();
    await app.forgotten();
    await update(2, 'two');
  };

  await t.test('with Last-Event-ID of the current document nothing is resent', async () => {
    const stream = await app.stream('/api/notes/2', { lastEventId: id });
    strictEqual(await marker(stream, 'next'), 'next');
    await restore(stream);
  });
  await t.test('with _last_event_id in the query nothing is resent', async () => {
    const stream = await app.stream(`/api/notes/2?_last_event_id=${id}`);
    strictEqual(await marker(stream, 'next'), 'next');
    await restore(stream);
  });
  await t.test('after another relay has started nothing is resent', async () => {
    const other = await app.startRelay();
    const stream = await app.stream(`${other.url}/api/notes/2`, { lastEventId: id });
    strictEqual(await marker(stream, 'next'), 'next');
    stream.close();
    strictEqual((await other.stop()).code, 0);
    await update(2, 'two');
  });
  await t.test('the document that went and came back is the one the client has', async () => {
    await update(2, 'else');
    await update(2, 'two');
    const stream = await app.stream('/api/notes/2', { lastEventId: id });
    strictEqual(await marker(stream, 'next'), 'next');
    await restore(stream);
  });
  for (const [what, value] of [
    ['of an older document', 'x'.repeat(22)],
    ['of another form', '42'],
    ['that is forged', "'; drop table app.notes; --"],
    ['of 4 KiB', 'A'.repeat(4096)],
    ['in Latin-1', 'caf\u00e9'],
    ['that is empty', ''],
  ]) {
    await t.test(`with an id ${what} the document is sent`, async () => {
      const stream = await app.stream('/api/notes/2', { lastEventId: value });
      strictEqual((await stream.next()).data, '{"id" : 2, "body" : "two"}');
      stream.close();
    });
  }
  await t.test('with the id of another route the document is sent', async () => {
    const stream = await app.stream('/api/notes/1', { lastEventId: id });
    notStrictEqual((await stream.next()).id, id);
    stream.close();
  });
  await t.test('If-None-Match is ignored on streams', async () => {
    const stream = await app.stream('/api/notes/2', { headers: { 'if-none-match': `"${id}", *` } });
    strictEqual((await stream.next()).id, id);
    stream.close();
  });
});

test('a document that is not there: 404, no stream', async () => {
  const stream = await app.stream('/api/notes/99');
  strictEqual(stream.status, 404);
  strictEqual(stream.headers['content-type'], 'application/problem+json');
});

test('a document that goes: an event gone, then the end of the stream', async () => {
  await app.sql(`insert into app.notes values (50, 0, 'short')`);
  const streams = await Promise.all([1, 2, 3].map(() => app.stream('/api/notes/50')));
  await Promise.all(streams.map((s) => s.next()));
  await app.sql('delete from app.notes where id = 50');
  for (const stream of streams) {
    strictEqual((await stream.next()).type, 'gone');
    deepStrictEqual(await stream.ended, { how: 'end' });
    deepStrictEqual(stream.complaints, []);
  }
  strictEqual((await app.get('/api/notes/50')).status, 404);
  await app.sql(`insert into app.notes values (50, 0, 'back')`);
  strictEqual((await app.get('/api/notes/50')).status, 200);
});

test('two keys of one document share nothing but the document', async () => {
  const a = await app.stream('/api/notes?thread=0&limit=1');
  const b = await app.stream('/api/notes?limit=1&thread=0');
  deepStrictEqual((await a.next()).data, (await b.next()).data);
  await until(async () => await app.metric('pgcrier_keys') === 1, { what: 'the order of query parameters makes no other key' });
  a.close();
  b.close();
});

test('many subscribers cost one read and one frame for each change', async () => {
  const streams = await Promise.all(Array.from({ length: 200 }, () => app.stream('/api/notes/3')));
  await Promise.all(streams.map((s) => s.next()));
  const reads = await app.quietReads();
  const frames = await app.metric('pgcrier_frames_total');
  await update(3, 'for all');
  await Promise.all(streams.map((s) => s.untilDocument((d) => d.body === 'for all')));
  strictEqual(await app.quietReads(), reads + 1);
  strictEqual(await app.metric('pgcrier_frames_total'), frames + 1);
  for (const s of streams) s.close();
});

test('C04: a client that leaves is noticed at once, though nothing is sent', async () => {
  await until(async () => await app.metric('pgcrier_subscribers') === 0);
  const streams = await Promise.all([1, 2, 3, 4].map(() => app.stream('/api/notes/1')));
  strictEqual(await app.metric('pgcrier_subscribers'), 4);
  streams.forEach((s) => s.close());
  await until(async () => await app.metric('pgcrier_subscribers') === 0, { limit: 10_000, what: 'nobody subscribed' });
});

test('what a client sends after its request is ignored, and does not hurt', async () => {
  const raw = await app.raw('GET /api/notes/1 HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n\r\n');
  await raw.until((text) => text.includes('data: '));
  raw.send('GET /api/notes/2 HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(1000));
  await update(1, 'pipelined');
  const text = await raw.until((t) => t.includes('pipelined'));
  strictEqual(text.split('HTTP/1.1 ').length, 2);
  raw.close();
});

test('HTTP/1.0 gets the stream without chunks', async () => {
  const raw = await app.raw('GET /api/notes/1 HTTP/1.0\r\nAccept: text/event-stream\r\n\r\n');
  await raw.until((text) => text.includes('"body"'));
  await update(1, 'plain');
  const text = await raw.until((t) => /"plain"\}\n\n$/.test(t));
  match(text, /\r\n\r\nretry: \d+\n\n(event: note\nid: [\w-]+\ndata: [^\n]+\n\n)+$|\r\n\r\nretry: \d+\n\n((id|event|data): [^\n]+\n|\n)+$/);
  ok(!/transfer-encoding/i.test(text));
  raw.close();
});
