// Announcements on documents' streams, and channels relayed as they are.

import { deepStrictEqual, match, ok, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { startApp } from '../lib/app.js';
import { connect2 } from '../lib/h2.js';
import { until } from '../lib/until.js';

const app = await startApp({ relay: { args: ['--threads', '2'] } });
const announce = (topic, event, data) => app.sql('select crier.announce($1, $2, $3)', [topic, event, JSON.stringify(data)]);
const notify = (channel, payload) => app.sql('select pg_notify($1, $2)', [channel, payload]);
const channel = (path, name) => app.sql('select crier.channel($1, $2)', [path, name]);
const nextData = async (stream) => (await stream.next()).data;

// Everything a payload may hold that means something somewhere on its way.
const AWKWARD = ['say "x"', '\\', '\\n', 'a\\"b', '\u2028\u2029', '\u{1F600}é', '\u0001\u007f', '{}', '[1', ' leading', 'trailing ',
  'id: 7', ': comment', 'data: x', '%41', "'; drop table app.notes; --", 'x'.repeat(3900)];

async function channelStream(path, name) {
  await channel(path, name);
  return app.opened(path);
}

// An answer of a route that was declared just now, whichever thread it comes from.
const known = (ask) => until(async () => {
  const answer = await ask();
  if (answer.status !== 404) return answer;
  answer.close?.();
  return undefined;
}, { what: 'it is a route' });

test('an announcement is heard by every stream of its topic and by no other', async () => {
  const [a, b, variant, other] = await Promise.all(
    ['/api/notes/1', '/api/notes/1', '/api/notes?limit=1', '/api/notes/2'].map((path) => app.stream(path)));
  for (const stream of [a, b, variant, other]) await stream.next();
  await announce('/api/notes/1', 'presence', { who: 'Ben' });
  for (const stream of [a, b]) {
    deepStrictEqual(await stream.next(), { type: 'presence', data: '{"who":"Ben"}', id: stream.lastEventId, ownId: undefined });
  }
  await announce('/api/notes?limit=17', 'presence', [1]); // a path's topic is without the query
  strictEqual(await nextData(variant), '[1]');
  await announce('/api/notes/2', 'presence', 2);
  strictEqual(await nextData(other), '2');
  strictEqual(a.taken, a.events.length);
  for (const stream of [a, b, variant, other]) stream.close();
});

test('a topic function names the topic, also when the document moves', async () => {
  await app.sql(`insert into app.notes values (30, 30, 'a'), (31, 31, 'b')`);
  const stream = await app.stream('/api/threads/30');
  await stream.next();
  await announce('thread/30', 'presence', 1);
  strictEqual(await nextData(stream), '1');
  await app.sql(`update app.notes set thread = 31, body = 'moved' where id = 30`);
  await stream.untilDocument((d) => d.body === 'moved');
  await announce('thread/30', 'presence', 2);
  await announce('thread/31', 'presence', 3);
  strictEqual(await nextData(stream), '3');
  stream.close();
});

test('an announcement reads nothing, keeps nothing, and is no document', async () => {
  const stream = await app.stream('/api/notes/1');
  await stream.next();
  const reads = await app.quietReads();
  await announce('/api/notes/1', 'presence', { id: 1, body: 'forged' });
  await stream.next();
  strictEqual(await app.quietReads(), reads);
  const late = await app.stream('/api/notes/1');
  strictEqual((await late.next()).type, 'note');
  strictEqual((await app.get('/api/notes/1')).json().body, 'one');
  for (const s of [stream, late]) s.close();
});

test('what is rolled back announces nothing; what is committed comes in order', async () => {
  const stream = await app.stream('/api/notes/1');
  await stream.next();
  await app.sql(`begin; select crier.announce('/api/notes/1', 'presence', '1'); rollback`);
  await app.sql(`begin; select crier.announce('/api/notes/1', 'presence', to_json(i)) from generate_series(2, 501) i; commit`);
  for (let i = 2; i <= 501; i += 1) strictEqual(await nextData(stream), String(i));
  stream.close();
});

test('F26: topics and data come through byte for byte, whatever they hold', async () => {
  for (const text of AWKWARD) {
    const topic = `t ${text.slice(0, 100)}`;
    await app.sql('create or replace function app.topic(_id integer) returns text language sql stable as $$ select $q$'
      + `${topic}$q$ $$`);
    await app.sql(`select crier.live('/api/awkward/{id}', 'app.note(integer)', topic => 'app.topic(integer)')`);
    await app.sql('grant execute on function app.topic(integer) to relay');
    const stream = await app.opened('/api/awkward/1');
    await stream.next();
    await announce(topic, 'said', { text });
    deepStrictEqual(JSON.parse(await nextData(stream)), { text });
    await app.sql(`select crier.announce($1, 'said', $2::text::json)`, [topic, `{\n"text"\r\n:\r${JSON.stringify(text)}}`]);
    deepStrictEqual(JSON.parse(await nextData(stream)), { text });
    deepStrictEqual(stream.complaints, []);
    stream.close();
    await app.sql(`select crier.unroute('/api/awkward/{id}')`);
    await until(async () => (await app.get('/api/awkward/1')).status === 404, { what: 'the route is gone' });
  }
});

test('F25: whatever is notified on crier by whomever is an event at most', async () => {
  await app.sql('create role stranger login');
  const stranger = await app.cluster.connect({ user: 'stranger' });
  const stream = await app.stream('/api/notes/1');
  await stream.next();
  const reads = await app.quietReads();
  const before = await app.metric('pgcrier_notifications_total{kind="unknown"}');
  const garbage = [
    '', 'x', '{', 'null', '[]', '{"topic":"/api/notes/1","event":"note","data":{"id":1,"body":"forged"}}',
    '{"topic":"/api/notes/1","event":"gone","data":null}', '{"topic":"/api/notes/1","event":"gap","data":null}',
    '{"topic":"/api/notes/1","event":"a\\nid: 1\\ndata: x","data":1}', '{"topic":"/api/notes/1","event":"e","data":}',
    '{"topic":"/api/notes/1","event":"e","data":1}}', '{"topic":"/api/notes/1","event":7,"data":1}',
    '{"topic":"/api/notes/1","event":"e"}', `{"topic":"/api/notes/1","event":"e","data":${'['.repeat(7000)}`,
  ];
  for (const payload of garbage) await stranger.query(`select pg_notify('crier', $1)`, [payload]);
  await until(async () => await app.metric('pgcrier_notifications_total{kind="unknown"}') >= before + garbage.length,
    { what: 'all of it is unknown' });
  await stranger.query(`select pg_notify('crier', '{"topic":"/api/notes/1","event":"e","data":"forged"}')`);
  deepStrictEqual(await stream.next(), { type: 'e', data: '"forged"', id: stream.lastEventId, ownId: undefined });
  strictEqual(await app.quietReads(), reads);
  strictEqual((await stranger.query(`select 1`)).rowCount, 1);
  await stranger.end();
  stream.close();
});

test('F24: an announcement of 7,999 octets fits; of 8,000 it is an error, and so is a bad name', async () => {
  const stream = await app.stream('/api/notes/1');
  await stream.next();
  const room = 7999 - '{"topic":"/api/notes/1","event":"e","data":""}'.length;
  await announce('/api/notes/1', 'e', 'x'.repeat(room));
  strictEqual(JSON.parse(await nextData(stream)).length, room);
  await announce('/api/notes/1', 'e', 'é'.repeat(room / 2));
  strictEqual(JSON.parse(await nextData(stream)).length, Math.floor(room / 2));
  const refused = async (code, ...args) => {
    const error = await announce(...args).then(() => undefined, (e) => e);
    strictEqual(error?.code, code, `${args}`);
    ok(error.hint && error.detail);
  };
  await refused('CR092', '/api/notes/1', 'e', 'x'.repeat(room + 1));
  await refused('CR091', '/api/notes/1', 'gone', 1);
  await refused('CR091', '/api/notes/1', 'note', 1);
  await announce('/api/notes', 'note', 1); // another route's
  stream.close();
});

test('a channel opens at once: headers, retry and a comment', async () => {
  const stream = await channelStream('/events/first', 'first');
  const { date, ...headers } = stream.headers;
  ok(date);
  deepStrictEqual(headers, {
    connection: 'upgrade', 'cache-control': 'no-cache, no-transform', 'content-type': 'text/event-stream', server: 'pgcrier',
    'transfer-encoding': 'chunked', vary: 'Accept', 'x-accel-buffering': 'no', 'x-content-type-options': 'nosniff',
  });
  await stream.comment('open');
  ok(stream.retry > 0);
  stream.close();
});

test('the route answers only once its channel is listened to: what follows its 200 is heard', async () => {
  for (let i = 0; i < 20; i += 1) {
    const stream = await channelStream(`/events/race/${i}`, `race ${i}`);
    await notify(`race ${i}`, 'heard');
    strictEqual(await nextData(stream), 'heard');
    stream.close();
  }
});

test('payloads come as they are, line by line, without id and of the default type', async () => {
  const stream = await channelStream('/events/lines', 'lines');
  for (const payload of [...AWKWARD, '', 'a\nb', '\n', 'a\n\n', '\n\nb', 'x\n'.repeat(3900), '"\\\n\u2028\u{1F600}"']) {
    await notify('lines', payload);
    deepStrictEqual(await stream.next(), { type: 'message', data: payload, id: '', ownId: undefined });
  }
  await notify('lines', 'a\rb\r\nc\n\rd'); // the event stream knows three ends of a line, and gives LF
  strictEqual(await nextData(stream), 'a\nb\nc\n\nd');
  deepStrictEqual(stream.complaints, []);
  stream.close();
});

test('over HTTP/2 the same: many streams of one connection, channels and documents', async () => {
  (await channelStream('/events/two', 'two')).close();
  const client = await connect2(app.relay.url);
  const streams = [await known(() => client.stream('/events/two'))];
  streams.push(...await Promise.all(Array.from({ length: 7 }, () => client.stream('/events/two'))));
  const document = await client.stream('/api/notes/3');
  await document.next();
  await app.sql(`begin; select pg_notify('two', i || E'\\n' || repeat('x', 500)) from generate_series(1, 500) i; commit`);
  await announce('/api/notes/3', 'said', { text: 'two' });
  deepStrictEqual(await document.next(), { type: 'said', data: '{"text":"two"}', id: document.lastEventId, ownId: undefined });
  for (const stream of streams) {
    for (let i = 1; i <= 500; i += 1) strictEqual(await nextData(stream), `${i}\n${'x'.repeat(500)}`);
    deepStrictEqual(stream.complaints, []);
  }
  strictEqual((await client.get('/events/two', { headers: { accept: 'application/json' } })).status, 406);
  const head = await client.get('/events/two', { method: 'HEAD' });
  deepStrictEqual([head.status, head.headers['content-type'], head.text], [200, 'text/event-stream', '']);
  await app.sql(`select crier.unroute('/events/two')`);
  for (const stream of streams) {
    strictEqual((await stream.next()).type, 'gone');
    strictEqual((await stream.ended).how, 'end');
  }
  document.close();
  await new Promise((resolve) => { client.session.close(resolve); }); // node 20 corrupts its heap at times when it destroys one
});

test('an HTTP/1.0 client gets the events plain, to the end of the connection', async () => {
  (await channelStream('/events/old', 'old')).close();
  const raw = await until(async () => {
    const asked = await app.raw('GET /events/old HTTP/1.0\r\nAccept: text/event-stream\r\n\r\n');
    return await asked.until((text) => /^HTTP\/1.1 404|: open/.test(text)) && !asked.text.startsWith('HTTP/1.1 404') && asked;
  }, { what: 'it is open' });
  await app.sql(`select pg_notify('old', 'a'), pg_notify('old', 'b')`);
  await app.sql(`select crier.unroute('/events/old')`);
  await raw.closed;
  ok(raw.text.endsWith('\n\ndata: a\n\ndata: b\n\nevent: gone\ndata: null\n\n'), raw.text);
});

test('any name of a channel: quoted, upper case, 63 octets', async () => {
  for (const [i, name] of ['Orders', 'orders', 'with "quotes" and \'s', 'semi;colon -- \\', 'é'.repeat(31), 'x'.repeat(63), 'Crier', 'crierish'].entries()) {
    const stream = await channelStream(`/events/name/${i}`, name);
    await app.sql(`do $$ begin execute format('notify %I, %L', '${name.replaceAll("'", "''")}', 'as a statement'); end $$`);
    strictEqual(await nextData(stream), 'as a statement', name);
    await notify(name, 'by function');
    strictEqual(await nextData(stream), 'by function', name);
    stream.close();
  }
});

test('two routes of one channel, and a route that changes its channel', async () => {
  const a = await channelStream('/events/a', 'shared');
  const b = await channelStream('/events/b', 'shared');
  await notify('shared', '1');
  for (const s of [a, b]) strictEqual(await nextData(s), '1');
  await app.sql(`select crier.unroute('/events/a')`);
  strictEqual((await a.next()).type, 'gone');
  deepStrictEqual(await a.ended, { how: 'end' });
  await notify('shared', '2');
  strictEqual(await nextData(b), '2');
  await channel('/events/b', 'other');
  await until(async () => (await app.sql(`select pg_notify('other', 'x')`), b.events.length > b.taken), { what: 'the new channel is heard' });
  await until(async () => (await listening()).includes('other') && !(await listening()).includes('shared'), { what: 'the old one is not listened to' });
  b.close();
});

// What the relay says it listens to, as its notifications arriving show: a name notified twice.
async function listening() {
  const relayed = [];
  for (const name of ['shared', 'other']) {
    const before = await app.metric('pgcrier_notifications_total{kind="channel"}');
    await notify(name, 'probe');
    await announce('/nowhere', 'e', 1);
    const announced = await app.metric('pgcrier_notifications_total{kind="announcement"}');
    await announce('/nowhere', 'e', 2);
    await until(async () => await app.metric('pgcrier_notifications_total{kind="announcement"}') > announced);
    if (await app.metric('pgcrier_notifications_total{kind="channel"}') > before) relayed.push(name);
  }
  return relayed;
}

test('unroute ends the streams with gone, after what was notified before', async () => {
  const streams = [await channelStream('/events/short', 'short'), await app.opened('/events/short')];
  await app.sql(`begin; select pg_notify('short', i::text) from generate_series(1, 100) i; select crier.unroute('/events/short'); commit`);
  for (const stream of streams) {
    for (let i = 1; i <= 100; i += 1) strictEqual(await nextData(stream), String(i));
    strictEqual((await stream.next()).type, 'gone');
    deepStrictEqual(await stream.ended, { how: 'end' });
    deepStrictEqual(stream.complaints, []);
  }
  strictEqual((await app.stream('/events/short')).status, 404);
});

test('one path, first a channel, then a document, then a channel again', async () => {
  const first = await channelStream('/api/notes/changing', 'changing');
  await app.sql(`select crier.live('/api/notes/changing', 'app.notes(integer, integer)')`);
  strictEqual((await first.next()).type, 'gone');
  const second = await app.opened('/api/notes/changing');
  strictEqual(JSON.parse(await nextData(second)).thread, 0);
  await channel('/api/notes/changing', 'changing');
  strictEqual((await second.next()).type, 'gone');
  const third = await channelStream('/api/notes/changing', 'changing');
  await notify('changing', 'back');
  strictEqual(await nextData(third), 'back');
  third.close();
});

test('a channel under a path that was a document, by another route, is a channel for whoever comes then', async () => {
  await app.sql(`select crier.live('/events/words/{word}', 'app.echo(text)')`);
  await until(async () => (await app.get('/events/words/one')).status === 200, { what: 'the document is served' });
  const befores = await Promise.all(Array.from({ length: 8 }, () => app.opened('/events/words/one'))); // on both threads
  for (const stream of befores) strictEqual(JSON.parse(await nextData(stream)).word, 'one');
  await channel('/events/words/one', 'word');
  const after = await until(async () => {
    const stream = await app.stream('/events/words/one');
    await until(() => stream.comments.length > 0 || stream.events.length > 0);
    if (stream.comments.some((c) => c.trim() === 'open')) return stream;
    stream.close();
    return undefined;
  }, { what: 'the channel is served' });
  await notify('word', 'up');
  strictEqual(await nextData(after), 'up');
  await app.sql(`select crier.unroute('/events/words/one')`);
  strictEqual((await after.next()).type, 'gone');
  for (const stream of befores) {
    strictEqual(stream.over, undefined, 'the document is there as before');
    strictEqual(stream.events.length, 1);
    stream.close();
  }
});

test('who accepts no event stream gets 406, and is told what to ask for', async () => {
  (await channelStream('/events/plain', 'plain')).close();
  for (const accept of ['application/json', 'text/html', 'text/event-stream;q=0', 'text/event-stream;q=0, */*']) {
    const answer = await known(() => app.get('/events/plain', { headers: { accept } }));
    strictEqual(answer.status, 406, accept);
    strictEqual(answer.headers['content-type'], 'application/problem+json');
    match(answer.json().detail, /text\/event-stream/);
    strictEqual(answer.headers.vary, 'Accept');
  }
  for (const accept of ['*/*', 'text/*', 'application/json, */*;q=0.1', undefined]) {
    const stream = await known(() => app.stream('/events/plain', { headers: { accept } }));
    strictEqual(stream.status, 200, accept);
    strictEqual(stream.headers['content-type'], 'text/event-stream');
    stream.close();
  }
});

test('HEAD has the headers of a stream and ends; other methods are not allowed; there are no arguments', async () => {
  const head = await app.get('/events/plain', { method: 'HEAD', headers: { accept: 'text/event-stream' } });
  strictEqual(head.status, 200);
  strictEqual(head.headers['content-type'], 'text/event-stream');
  strictEqual(head.text, '');
  const post = await app.get('/events/plain', { method: 'POST' });
  strictEqual(post.status, 405);
  strictEqual(post.headers.allow, 'GET, HEAD');
  strictEqual((await app.stream('/events/plain?x=1')).status, 400);
  const resumed = await app.stream('/events/plain?_last_event_id=abc', { lastEventId: 'x' });
  strictEqual(resumed.status, 200);
  resumed.close();
});

test('documents go on between events, and events between documents', async () => {
  const stream = await app.stream('/api/notes/1');
  await stream.next();
  for (let i = 0; i < 50; i += 1) {
    await Promise.all([announce('/api/notes/1', 'presence', i), app.sql('update app.notes set body = $1 where id = 1', [`b${i}`])]);
  }
  await until(() => JSON.parse(stream.events.filter((e) => e.type === 'note').at(-1).data).body === 'b49');
  await until(() => stream.events.filter((e) => e.type === 'presence').length === 50);
  deepStrictEqual(stream.events.filter((e) => e.type === 'presence').map((e) => e.data), Array.from({ length: 50 }, (_, i) => String(i)));
  deepStrictEqual(stream.complaints, []);
  stream.close();
});

test('explain and check know channels, and when one was last notified', async () => {
  const stream = await channelStream('/events/known', 'Known');
  await until(async () => {
    await notify('Known', 'x');
    const rows = await app.sql(`select * from crier.explain('/events/known')`);
    return rows.find((r) => r.step === 'subscribers')?.detail.startsWith('1 at') && rows.find((r) => r.step === 'notified' && r.detail.startsWith('20'));
  }, { what: 'the subscriber and the notification are reported', every: 300 });
  const rows = await app.sql(`select * from crier.explain('/events/known')`);
  deepStrictEqual(rows.map((r) => r.step), ['route', 'channel', 'relay', 'subscribers', 'notified', 'read']);
  ok(rows.every((r) => r.ok));
  match(rows[1].detail, /"Known"/);
  const declared = await app.sql(`select * from crier.check() where declared = '/events/known'`);
  deepStrictEqual(declared.map((r) => [r.step, r.ok]), [['route', true], ['channel', true]]);
  strictEqual((await app.sql(`select topic from crier.subscriptions where key = '/events/known'`))[0].topic, 'Known');
  stream.close();
  await until(async () => (await app.sql(`select 1 from crier.subscriptions where key = '/events/known'`)).length === 0,
    { what: 'without subscribers the row goes' });
});
