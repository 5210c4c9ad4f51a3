// feeds.test.js -- the contract of Feeds over HTTP, line by line.

import { deepStrictEqual, match, ok, strictEqual } from 'node:assert/strict';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { startApp } from '../lib/app.js';
import { ROOT } from '../lib/cluster.js';

const app = await startApp({ relay: false });
app.cluster.psql(['-f', join(ROOT, 'db', 'feeds.sql')]);
app.relay = await app.startRelay();

const JSON_TYPE = { 'content-type': 'application/json' };
const call = (method, path, body, headers = JSON_TYPE) => app.get(path, {
  method, headers, body: body === undefined || typeof body === 'string' ? body : JSON.stringify(body),
});
const document = async (path) => (await app.get(path)).json();
const create = async (post) => {
  const { status, text } = await call('POST', '/api/posts', post);
  strictEqual(status, 204, text);
  strictEqual(text, '');
  return latest();
};
const latest = () => app.cluster.value('select id from feeds.posts order by created_at desc, xmin::text::bigint desc limit 1');
const titles = async (feed) => (await document(`/api/feeds/${feed}`)).posts.map((p) => p.title).join(' ');
const list = async () => (await document('/api/feeds')).feeds.map((f) => `${f.name}${f.posts}`).join(' ');
const isProblem = ({ status, headers, text }, wanted) => {
  strictEqual(status, wanted, text);
  strictEqual(headers['content-type'], 'application/problem+json');
  strictEqual(JSON.parse(text).status, wanted);
  ok(!/feeds\.posts|insert into|constraint/i.test(text), text);
};
before(() => app.sql('truncate feeds.posts'));

test('documents: exactly these keys, in this order', async () => {
  strictEqual((await app.get('/api/feeds')).text, '{"feeds":[]}');
  const id = await create({ title: 'T', content: 'hello #World', author: 'A' });
  match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  const post = `{"id":"${id}","title":"T","content":"hello #World","author":"A","tags":["world"]}`;
  strictEqual((await app.get(`/api/posts/${id}`)).text, post);
  strictEqual((await app.get(`/api/posts/${id.toUpperCase()}`)).text, post);
  strictEqual((await app.get('/api/feeds/world')).text, `{"name":"world","posts":[${post}]}`);
  strictEqual((await app.get('/api/feeds/WoRlD')).text, `{"name":"world","posts":[${post}]}`, 'found without regard to case');
  strictEqual((await app.get('/api/feeds')).text, '{"feeds":[{"name":"world","posts":1}]}');
});

test('each GET is JSON or a stream on the same URL, and streams say data', async () => {
  const id = await create({ content: '#streams' });
  for (const path of ['/api/feeds', '/api/feeds/streams', '/api/feeds/STREAMS', `/api/posts/${id}`]) {
    const stream = await app.stream(path);
    const event = await stream.next();
    strictEqual(event.type, 'data', path);
    strictEqual(event.data, (await app.get(path)).text, 'the whole document');
    stream.close();
  }
});

test('unknown feeds and posts are 404, also for a stream', async () => {
  for (const path of ['/api/feeds/nobody', '/api/feeds/%C5%BC%C3%B3%C5%82w', '/api/posts/00000000-0000-4000-8000-000000000000']) {
    isProblem(await app.get(path), 404);
    strictEqual((await app.stream(path)).status, 404);
  }
  isProblem(await app.get('/api/posts/17'), 400);
});

test('POST: absent keys are empty, unknown ones ignored, id and tags are not the client\'s', async () => {
  const mine = '11111111-1111-4111-8111-111111111111';
  for (const [body, wanted] of [
    [{}, { title: '', content: '', author: '', tags: null }],
    ['', { title: '', content: '', author: '', tags: null }],
    [{ title: 'only' }, { title: 'only', content: '', author: '', tags: null }],
    [{ id: mine, tags: ['x', 1], extra: { deep: [] }, content: 'c #y', author: 'a' }, { title: '', content: 'c #y', author: 'a', tags: ['y'] }],
    [{ id: 17, tags: 'x', content: '' }, { title: '', content: '', author: '', tags: null }],
    ['{"title":"\\u00e9\\ud83d\\ude00\\"\\\\\\n</script>"}', { title: 'é😀"\\\n</script>', content: '', author: '', tags: null }],
  ]) {
    const id = await create(body);
    ok(id !== mine);
    deepStrictEqual(await document(`/api/posts/${id}`), { id, ...wanted });
  }
});

test('POST: a wrong JSON type is 400, what is too long 422, and nothing is stored', async () => {
  const count = () => app.cluster.value('select count(*) from feeds.posts');
  const before_ = await count();
  for (const name of ['title', 'content', 'author']) {
    for (const value of [1, true, {}, [], ['a']]) isProblem(await call('POST', '/api/posts', { [name]: value }), 400);
  }
  for (const body of ['[]', '"x"', '17', 'null', '{', '{"title":"a"}x', '{"title":"\\ud800"}', '{"title":"\\u0000"}']) {
    isProblem(await call('POST', '/api/posts', body), 400);
  }
  for (const body of [{ title: 'é'.repeat(256) }, { author: '😀'.repeat(256) }, { content: 'x'.repeat(65536) }, { content: `${'é'.repeat(32767)}xx` }]) {
    isProblem(await call('POST', '/api/posts', body), 422);
  }
  strictEqual(await count(), before_);
  await create({ title: '😀'.repeat(255), author: 'é'.repeat(255), content: `${'é'.repeat(32767)}x` });
});

test('POST: Content-Type with any parameters and case', async () => {
  for (const type of ['application/json', 'application/json; charset=utf-8', 'Application/JSON;charset=UTF-8', 'application/json ; q="a;b"']) {
    strictEqual((await call('POST', '/api/posts', { title: type }, { 'content-type': type })).status, 204, type);
    strictEqual((await document(`/api/posts/${await latest()}`)).title, type);
  }
});

test('straight after the 204 every GET shows the change', async () => {
  for (let i = 0; i < 20; i += 1) {
    const id = await create({ title: `t${i}`, content: '#straight' });
    const [feed, feeds, post] = await Promise.all([document('/api/feeds/straight'), document('/api/feeds'), document(`/api/posts/${id}`)]);
    strictEqual(feed.posts[0].title, `t${i}`);
    strictEqual(feeds.feeds.find((f) => f.name === 'straight').posts, i + 1);
    strictEqual(post.title, `t${i}`);
    strictEqual((await call('PATCH', `/api/posts/${id}`, { ...post, title: `u${i}` })).status, 204);
    strictEqual((await document(`/api/posts/${id}`)).title, `u${i}`);
  }
});

test('PATCH: title and content; id, author and tags are as they must be, whatever the body says', async () => {
  const id = await create({ title: 'old', content: '#old', author: 'me' });
  const other = await create({ title: 'other', content: '', author: '' });
  const patch = (body, of = id) => call('PATCH', `/api/posts/${of}`, body);
  const { status, text } = await patch({ id: other, title: 'new', content: '#New', author: 'you', tags: ['x'] });
  deepStrictEqual([status, text], [204, '']);
  deepStrictEqual(await document(`/api/posts/${id}`), { id, title: 'new', content: '#New', author: 'me', tags: ['new'] });
  strictEqual((await document(`/api/posts/${other}`)).title, 'other', 'the URL decides');
  await patch({ id: 'rubbish', title: '', content: '' });
  deepStrictEqual(await document(`/api/posts/${id}`), { id, title: '', content: '', author: 'me', tags: null });
  await patch({ title: 'only' });
  deepStrictEqual(await document(`/api/posts/${id}`), { id, title: 'only', content: '', author: 'me', tags: null }, 'what is not given stays');
  strictEqual((await patch({})).status, 204);
  isProblem(await patch({ title: 1 }), 400);
  isProblem(await patch({ title: 'x'.repeat(256) }), 422);
  isProblem(await patch({ title: 'x' }, '00000000-0000-4000-8000-000000000000'), 404);
  isProblem(await patch({ title: 'x' }, 'rubbish'), 400);
});

test('the random post ignores body and headers', async () => {
  for (const [body, headers] of [
    [undefined, JSON_TYPE], [undefined, {}], ['{', JSON_TYPE], ['rubbish', { 'content-type': 'text/plain' }], ['\xff\x00', { 'content-type': 'application/x-what' }],
  ]) {
    const { status, text } = await call('POST', '/api/generate/post', body, headers);
    deepStrictEqual([status, text], [204, '']);
    const post = await document(`/api/posts/${await latest()}`);
    strictEqual(post.title.split(' ').length, 5);
    match(post.content, /^\S+( [^ #]+){18} [^ #]+\.( #[a-z]+){1,3}$/);
    match(post.author, /^\S+ \S+$/);
  }
});

test('other methods are 405', async () => {
  for (const [method, path, allow] of [
    ['DELETE', '/api/posts', 'POST'], ['GET', '/api/posts', 'POST'], ['POST', '/api/feeds', 'GET, HEAD'], ['GET', '/api/generate/post', 'POST'],
  ]) {
    const answer = await call(method, path);
    strictEqual(answer.status, 405, `${method} ${path}`);
    for (const word of allow.split(', ')) ok(answer.headers.allow.includes(word), answer.headers.allow);
  }
});

test('order in feeds, and of feeds', async () => {
  await app.sql('truncate feeds.posts');
  const before_ = await list();
  const a = await create({ title: 'a', content: '#o1 #o2' });
  const b = await create({ title: 'b', content: '#o1' });
  const c = await create({ title: 'c', content: '#o1' });
  strictEqual(await titles('o1'), 'c b a', 'the newest on top');
  await call('PATCH', `/api/posts/${b}`, { title: 'B', content: '#o1 edited' });
  strictEqual(await titles('o1'), 'c B a', 'edited: position kept');
  await call('PATCH', `/api/posts/${c}`, { title: 'c', content: 'no tag' });
  strictEqual(await titles('o1'), 'B a', 'tag removed: taken out');
  await call('PATCH', `/api/posts/${a}`, { title: 'a', content: '#o1 #o3' });
  deepStrictEqual(await document('/api/feeds/o2'), { name: 'o2', posts: [] }, 'a feed stays when it has lost its last post');
  await call('PATCH', `/api/posts/${c}`, { title: 'c', content: '#o2 #o3' });
  strictEqual(await titles('o3'), 'c a', 'tag added by an edit: on top');
  await call('PATCH', `/api/posts/${a}`, { title: 'a', content: '#o3' });
  await call('PATCH', `/api/posts/${a}`, { title: 'a', content: '#o3 #o1' });
  strictEqual(await titles('o1'), 'a B', 'removed and added again: on top');
  strictEqual(await titles('o3'), 'c a', 'kept: where it was');
  strictEqual(await list(), `${before_} o12 o21 o32`, 'in order of creation');
});

test('streams: a change goes to what it changes, and to nothing else', async () => {
  const id = await create({ title: 'quiet', content: '#s1 #s2' });
  const watched = new Map();
  for (const path of ['/api/feeds', '/api/feeds/s1', '/api/feeds/S1', '/api/feeds/s2', '/api/feeds/s3', `/api/posts/${id}`]) {
    if (path.endsWith('s3')) await create({ content: '#s3' });
    watched.set(path, await app.stream(path));
  }
  for (const stream of watched.values()) await stream.next();
  const numbers = () => Object.fromEntries([...watched].map(([path, s]) => [path, s.events.length]));
  const begun = numbers();
  await watched.get('/api/feeds').when(() => watched.get('/api/feeds').document.feeds.some((f) => f.name === 's3') || undefined, 's3 is listed');
  const listed = watched.get('/api/feeds').events.length;

  await create({ title: 'new', content: '#s1' });
  for (const path of ['/api/feeds/s1', '/api/feeds/S1']) await watched.get(path).untilDocument((d) => d.posts.length === 2);
  await watched.get('/api/feeds').untilDocument((d) => d.feeds.find((f) => f.name === 's1').posts === 2);
  await app.sql("update feeds.posts set title = title where id = $1", [id]);
  await app.sql("select crier.touch($1), crier.touch('feed/s2')", [`/api/posts/${id}`]);
  await app.quietReads();
  deepStrictEqual(numbers(), { ...begun, '/api/feeds': listed + 1, '/api/feeds/s1': 2, '/api/feeds/S1': 2 },
    'no other stream has got anything, and an unchanged post is not sent again');

  await call('PATCH', `/api/posts/${id}`, { title: 'edited', content: '#s2 #s3' });
  await watched.get('/api/feeds/s1').untilDocument((d) => d.posts.length === 1);
  await watched.get('/api/feeds/s2').untilDocument((d) => d.posts[0].title === 'edited');
  await watched.get('/api/feeds/s3').untilDocument((d) => d.posts[0].id === id);
  await watched.get(`/api/posts/${id}`).untilDocument((d) => d.title === 'edited');
  await call('PATCH', `/api/posts/${id}`, { title: 'again', content: '#s2 #s3' });
  await watched.get('/api/feeds/s2').untilDocument((d) => d.posts[0].title === 'again');
  await watched.get('/api/feeds').untilDocument((d) => d.feeds.find((f) => f.name === 's3').posts === 2);
  const last = watched.get('/api/feeds').events.length;
  await app.quietReads();
  strictEqual(watched.get('/api/feeds').events.length, last, 'an edit that keeps the tags changes no count');
});

test('psql: INSERT, UPDATE, COPY, DELETE and TRUNCATE reach open streams', async () => {
  const feed = await app.stream('/api/feeds/psql').then((s) => s.status);
  strictEqual(feed, 404);
  const { cluster } = app;
  cluster.psql(['-c', "insert into feeds.posts (title, content) values ('1', '#psql')"]);
  const stream = await app.stream('/api/feeds/psql');
  const sees = (wanted) => stream.untilDocument((d) => d.posts.map((p) => p.title).join() === wanted);
  await sees('1');
  cluster.psql(['-c', "insert into feeds.posts (title, content) values ('2', '#psql')"]);
  await sees('2,1');
  cluster.psql(['-c', "update feeds.posts set title = 'two' where title = '2' and 'psql' = any (tags)"]);
  await sees('two,1');
  cluster.psql(['-c', 'copy feeds.posts (title, content) from stdin'], { input: '3\t#psql\n4\t#PSQL\n' });
  await sees('4,3,two,1');
  cluster.psql(['-c', "delete from feeds.posts where title in ('3', '1') and 'psql' = any (tags)"]);
  await sees('4,two');
  cluster.psql(['-c', 'truncate feeds.posts']);
  await sees('');
});

test('times are a document of their own', async () => {
  const id = await create({ content: '#times' });
  const { times } = await document('/api/feeds/Times/times');
  deepStrictEqual(Object.keys(times), [id]);
  match(times[id][0], /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[.\d]*\+00:00$/);
  strictEqual(times[id][1], null);
  await call('PATCH', `/api/posts/${id}`, { content: 'changed #times' });
  ok((await document('/api/feeds/Times/times')).times[id][1] > times[id][0]);
});

test('events: every one, in order, as it is; a long one without its payload, which has a URL', async () => {
  await app.heard(); // what the tests above wrote
  const events = await app.stream('/events/feeds');
  const heard = () => events.events.map((e) => JSON.parse(e.data));
  const id = await create({ title: 't', content: '#E1 #e2', author: 'a' });
  await call('PATCH', `/api/posts/${id}`, { title: 't', content: '#e2 #e3' });
  await events.when(() => heard().length === 7 || undefined, 'seven events');
  const original = { id, title: 't', content: '#E1 #e2', author: 'a', tags: ['e1', 'e2'] };
  const edited = { ...original, content: '#e2 #e3', tags: ['e2', 'e3'] };
  deepStrictEqual(heard().map(({ name, payload }) => [name, payload]), [
    ['PostCreated', { post: original }], ['FeedUpdated', { name: 'e1' }], ['FeedUpdated', { name: 'e2' }],
    ['PostUpdated', { original_post: original, new_post: edited }],
    ['FeedUpdated', { name: 'e1' }], ['FeedUpdated', { name: 'e2' }], ['FeedUpdated', { name: 'e3' }],
  ]);
  deepStrictEqual(heard()[0], await document(`/events/feeds/${heard()[0].id}`), 'it has a URL');
  const { headers, text } = await app.get(`/events/feeds/${heard()[0].id}`);
  strictEqual(headers['content-type'], 'application/json');
  match(headers['cache-control'], /immutable/);
  strictEqual(text, events.events[0].data, 'the same octets');
  strictEqual((await app.get('/events/feeds/999999999')).status, 404);

  const long = await create({ content: `${'x'.repeat(20_000)} #e1` });
  await events.when(() => heard().length === 9 || undefined, 'the long one');
  const { id: number, name, payload } = heard()[7];
  deepStrictEqual([name, payload], ['PostCreated', null]);
  strictEqual((await document(`/events/feeds/${number}`)).payload.post.id, long);

  const client = await app.cluster.connect();
  await client.query('begin');
  await client.query("insert into feeds.posts (content) values ('#never')");
  await client.query('rollback');
  await client.query("begin; set local crier.off = 'on'; insert into feeds.posts (content) values ('#quiet'); commit");
  await create({ title: 'after' });
  await events.when(() => heard().length === 10 || undefined, 'and what follows');
  strictEqual(heard()[9].payload.post.title, 'after', 'what is rolled back is not told, nor what is written where crier is off');
});
