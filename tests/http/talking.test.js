// talking.test.js -- Talking from curl's point of view: sound in, sound out, votes, presence.

import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { request } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { ROOT, startCluster } from '../lib/cluster.js';
import { startRelay } from '../lib/relay.js';
import { openStream } from '../lib/sse.js';
import { until } from '../lib/until.js';

let cluster;
let relay;
const VOTER = '00000000-0000-4000-8000-000000000001';
const sound = (length) => Buffer.from(Array.from({ length }, (_, i) => (i * 7) % 251));

before(async () => {
  cluster = await startCluster();
  cluster.psql(['-f', join(ROOT, 'db', 'talking.sql')]);
  await cluster.sql(`select crier.grant_relay('relay')`);
  relay = await startRelay({ database: cluster.url({ user: 'relay' }) });
});
after(async () => {
  try { await relay?.stop(); } finally { await cluster?.stop(); }
});

const url = (path) => new URL(path, relay.url);
const send = (body, query = 'author=Ada', type = 'audio/webm;codecs=opus') =>
  fetch(url(`/api/recordings?${query}`), { method: 'POST', body, headers: type ? { 'content-type': type } : {} });
const post = (path, body) => fetch(url(path), {
  method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json' },
});
const json = async (path) => (await fetch(url(path))).json();
const count = () => cluster.value('select count(*)::integer from talking.recordings');

test('a recording with its sound: 201, Location, and the sound as it was', async () => {
  const bytes = sound(300_000);
  const answer = await send(bytes, 'author=Ada&title=Hello%20%E2%9C%93&duration_ms=1500&peaks=AZaz09-_');
  assert.equal(answer.status, 201);
  const { id } = await answer.json();
  assert.equal(answer.headers.get('location'), `/api/recordings/${id}`);
  const recording = await json(`/api/recordings/${id}`);
  assert.deepEqual([recording.author, recording.title, recording.duration_ms, recording.audio],
    ['Ada', 'Hello ✓', 1500, `/api/recordings/${id}/audio`]);
  assert.deepEqual(Object.keys(recording),
    ['id', 'author', 'title', 'created_at', 'duration_ms', 'ups', 'downs', 'score', 'reply_count', 'audio', 'replies']);
  assert.deepEqual(await json(`/api/waveforms?ids=${id}&ids=999`), { waveforms: { [id]: 'AZaz09-_' } });

  const whole = await fetch(url(recording.audio));
  assert.deepEqual(Buffer.from(await whole.arrayBuffer()), bytes);
  assert.equal(whole.headers.get('content-type'), 'audio/webm;codecs=opus');
  assert.match(whole.headers.get('cache-control'), /max-age=31536000/);
  const part = await fetch(url(recording.audio), { headers: { range: 'bytes=131000-131999' } });
  assert.deepEqual([part.status, part.headers.get('content-range')], [206, 'bytes 131000-131999/300000']);
  assert.deepEqual(Buffer.from(await part.arrayBuffer()), bytes.subarray(131_000, 132_000));
  const again = await fetch(url(recording.audio), { headers: { 'if-none-match': whole.headers.get('etag') } });
  assert.equal(again.status, 304);

  const reply = await send(sound(10), `author=Ben&parent_id=${id}`, 'audio/ogg');
  assert.equal((await json(`/api/recordings/${id}`)).replies[0].id, (await reply.json()).id, 'who wrote sees it in the next GET');
});

test('16 MiB are not too many, one octet more is 413', async () => {
  assert.equal((await send(Buffer.alloc(16 << 20, 1))).status, 201);
  const status = await new Promise((resolve, reject) => {
    const ask = request(url('/api/recordings?author=Ada'), {
      method: 'POST', agent: false, headers: { 'content-type': 'audio/webm', 'content-length': (16 << 20) + 1 },
    }, (answer) => { resolve(answer.statusCode); ask.destroy(); });
    ask.on('error', reject);
    ask.write(sound(10));
  });
  assert.equal(status, 413);
});

test('what cannot be stored is refused with a reason, and leaves nothing', async () => {
  const was = await count();
  const cases = [
    ['a picture', send(sound(10), 'author=Ada', 'image/png'), 415],
    ['no type', send(sound(10), 'author=Ada', null), 415],
    ['a page', send('<script>', 'author=Ada', 'text/html'), 415],
    ['no author', send(sound(10), 'title=x'), 400],
    ['an empty author', send(sound(10), 'author='), 422],
    ['a long author', send(sound(10), `author=${'x'.repeat(81)}`), 422],
    ['a long title', send(sound(10), `author=x&title=${'x'.repeat(201)}`), 422],
    ['no parent', send(sound(10), 'author=x&parent_id=99999'), 422],
    ['a parent that is no number', send(sound(10), 'author=x&parent_id=x'), 400],
    ['no sound', send('', 'author=x'), 422],
    ['peaks that are none', send(sound(10), 'author=x&peaks=%3Cscript%3E'), 422],
    ['an unknown parameter', send(sound(10), 'author=x&shout=1'), 400],
  ];
  for (const [what, sent, status] of cases) {
    const answer = await sent;
    assert.equal(answer.status, status, what);
    assert.match(answer.headers.get('content-type'), /^application\/problem\+json/, what);
    assert.ok((await answer.json()).title.length > 3, what);
  }
  assert.equal(await count(), was);
});

test('a draft that is sent again, even at once, is one recording', async () => {
  const was = await count();
  const query = 'author=Ada&draft=00000000-0000-4000-8000-00000000000a';
  const answers = await Promise.all([1, 2, 3].map(() => send(sound(1000), query)));
  assert.deepEqual(answers.map(({ status }) => status), [201, 201, 201]);
  assert.equal(new Set(answers.map(({ headers }) => headers.get('location'))).size, 1);
  assert.equal(await count(), was + 1);
});

test('an upload that breaks off leaves no row', async () => {
  const was = await count();
  const { port } = url('/');
  const socket = connect(Number(port), '127.0.0.1');
  socket.write('POST /api/recordings?author=Ada HTTP/1.1\r\nHost: x\r\nContent-Type: audio/webm\r\nContent-Length: 100000\r\n\r\n');
  socket.write(sound(50_000), () => socket.destroy());
  await new Promise((resolve) => { socket.once('close', resolve); });
  assert.equal((await send(sound(10))).status, 201);
  assert.equal(await count(), was + 1);
});

test('votes: one for each voter, changed and taken back', async () => {
  const { id } = await (await send(sound(10))).json();
  const votes = async () => { const { ups, downs } = await json(`/api/recordings/${id}`); return [ups, downs]; };
  const vote = async (direction, voter = VOTER) => (await post(`/api/recordings/${id}/votes`, { voter, direction })).status;
  assert.equal(await vote(1), 204);
  assert.deepEqual(await votes(), [1, 0]);
  assert.equal(await vote(-1), 204);
  assert.deepEqual(await votes(), [0, 1]);
  assert.equal(await vote(0), 204);
  assert.deepEqual(await votes(), [0, 0]);
  assert.equal(await vote(2), 422);
  assert.equal(await vote(1, 'nobody'), 400);
  assert.equal((await post('/api/recordings/99999/votes', { voter: VOTER, direction: 1 })).status, 404);
});

test('presence reaches everybody who has the thread open, at any of its nodes', async () => {
  const { id: root } = await (await send(sound(10))).json();
  const { id } = await (await send(sound(10), `author=Ben&parent_id=${root}`)).json();
  const streams = await Promise.all([root, id].map((n) => openStream(url(`/api/recordings/${n}`).href)));
  try {
    const heard = (stream) => stream.events.filter(({ type }) => type === 'presence').map(({ data }) => JSON.parse(data));
    await Promise.all(streams.map((stream) => until(() => stream.events.length > 0)));
    assert.equal((await post(`/api/recordings/${id}/presence`, { who: 'Ben', state: 'recording', session: 's1', more: 1 })).status, 204);
    assert.equal((await post(`/api/recordings/${id}/presence`, { who: 'Ben', state: 'idle' })).status, 204);
    for (const stream of streams) {
      await until(() => heard(stream).length === 2, { what: 'both announcements' });
      assert.deepEqual(heard(stream), [{ id, who: 'Ben', state: 'recording', session: 's1' }, { id, who: 'Ben', state: 'idle' }]);
    }
    assert.equal((await post(`/api/recordings/${id}/presence`, { who: 'Ben', state: 'asleep' })).status, 422);
    assert.equal((await post('/api/recordings/99999/presence', { who: 'Ben', state: 'idle' })).status, 404);
  } finally {
    for (const stream of streams) stream.close();
  }
});
