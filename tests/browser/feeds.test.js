// feeds.test.js -- the page /feeds/ in Chromium, over HTTP/2: two windows side by side, psql, keyboard,
// ears.

import { after, afterEach, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { violations } from '../lib/axe.js';
import { startBrowser } from '../lib/browser.js';
import { certificate } from '../lib/certificate.js';
import { ROOT, startCluster } from '../lib/cluster.js';
import { freePort } from '../lib/process.js';
import { startRelay } from '../lib/relay.js';
import { until } from '../lib/until.js';

const PHONE = { width: 390, height: 844 };
const WORD_MS = 5000; // for so long a word at the bottom is shown,
const MARK_MS = 6000; // and so long a mark
const AWAY = /net::ERR_|status of 50[0-9]/; // what Chromium says of a server that is not there
let cluster;
let relay;
let port;
let browser;
const pages = [];

const psql = (sql) => cluster.psql(['-At', '-c', sql]).trim();
const { cert, key } = certificate();
const run = () => startRelay({
  database: cluster.url({ user: 'relay' }),
  args: ['--public', join(ROOT, 'public'), '--tls-listen', `127.0.0.1:${port}`, '--tls-cert', cert, '--tls-key', key],
});

before(async () => {
  cluster = await startCluster();
  cluster.psql(['-f', join(ROOT, 'db', 'feeds.sql')]);
  cluster.psql(['-f', join(ROOT, 'db', 'feeds-sample.sql')]);
  await cluster.sql(`select crier.grant_relay('relay')`);
  port = await freePort();
  relay = await run(); // one by one: what has started is stopped when the next does not
  browser = await startBrowser();
});
after(async () => {
  try { await browser?.stop(); await relay?.stop(); } finally { await cluster?.stop(); }
});
afterEach(async () => {
  const complaints = pages.flatMap((page) => page.complaints);
  await Promise.all(pages.splice(0).map((page) => page.close()));
  assert.deepEqual(complaints, [], 'nothing on any console');
});

async function open(hash = '#/', options) {
  const page = await browser.open(`${relay.tlsUrl}/feeds/${hash}`, { ignoreHTTPSErrors: true, ...options });
  pages.push(page);
  await page.waitForSelector('.state.live');
  return page;
}

const feed = (name) => `#/feed/${name}`;
const post = (page, text) => page.locator('.post', { hasText: text });
const count = (page, name) => page.locator('.feed-link', { hasText: new RegExp(`^#${name}\\d`) }).locator('.count').evaluate((e) => e.firstChild.data);
const titles = (page) => page.locator('.post .title').allTextContents();
const both = (pair, check, what) => Promise.all(pair.map((page) => until(() => check(page), { what })));
const add = (title, content, author = 'psql') => psql(`insert into feeds.posts (title, content, author) values ('${title}', '${content}', '${author}') returning id`);

async function write(page, { title = '', content, author = 'Ada' }) {
  await page.locator('.composer textarea').fill(content);
  await page.locator('#new-title').fill(title);
  await page.locator('#new-author').fill(author);
  await page.locator('.composer').getByRole('button', { name: 'Post', exact: true }).click();
}

test('it comes over HTTP/2, all of it', async () => {
  const page = await open(feed('music'));
  await page.waitForSelector('.post');
  const protocols = await page.evaluate(() => performance.getEntriesByType('resource').concat(performance.getEntriesByType('navigation'))
    .map(({ name, nextHopProtocol }) => `${nextHopProtocol} ${new URL(name).pathname}`));
  assert.ok(protocols.length > 10);
  assert.deepEqual(protocols.filter((line) => !line.startsWith('h2 ')), []);
});

test('under a prefix it is the same', async () => {
  const other = await startRelay({
    database: cluster.url({ user: 'relay' }), args: ['--public', join(ROOT, 'public'), '--prefix', '/live'],
  });
  try {
    const page = await browser.open(`${other.url}/live/feeds/#/feed/music`);
    pages.push(page);
    await page.waitForSelector('.post');
    await page.waitForSelector('.permalink time');
    await write(page, { title: 'Prefixed', content: '#music' });
    await until(async () => (await titles(page))[0] === 'Prefixed');
    await post(page, 'Prefixed').locator('.permalink').click();
    await page.waitForSelector('.editor');
    await page.close();
  } finally {
    await other.stop();
  }
});

test('two windows: a post, its feeds and counts; the form is empty again and knows the name', async () => {
  const hold = [WORD_MS, MARK_MS];
  const [one, two] = [await open('#/', { hold }), await open(feed('music'), { colorScheme: 'dark', hold })];
  const [before_, posts] = [await count(one, 'music'), await two.locator('.post').count()];
  await write(one, { title: 'A quartet', content: 'Who turns the pages? #Music #firstviolin', author: 'Ada Lovelace' });
  await both([one, two], async (page) => await count(page, 'music') === String(Number(before_) + 1) && await count(page, 'firstviolin') === '1', 'the counts');
  await until(async () => (await titles(two))[0] === 'A quartet', { what: 'it is on top' });
  assert.equal(await two.locator('.post').count(), posts + 1);
  assert.equal(await post(two, 'A quartet').locator('.badge').textContent(), 'new');
  assert.match(await two.locator('[role=status]', { hasText: 'new post in music' }).textContent(), /^1 new post/);
  await browser.picture(two, 'feeds-new-dark');
  await one.getByText('Posted to #music #firstviolin').waitFor();
  await browser.picture(one, 'feeds-home-posted');
  assert.equal(await one.locator('.composer textarea').inputValue(), '');
  await one.reload();
  await one.waitForSelector('.state.live');
  await one.locator('.composer textarea').focus();
  assert.equal(await one.locator('#new-author').inputValue(), 'Ada Lovelace');
  assert.equal(await two.locator('.post.new').count(), 1);
  await two.release();
  await until(async () => await two.locator('.post.new').count() === 0, { what: 'the mark fades' });
});

test('the button makes a random post, in both windows', async () => {
  const pair = [await open(), await open()];
  const total = () => psql('select sum(posts) from feeds.feeds');
  const before_ = total();
  await pair[0].getByRole('button', { name: 'Random post' }).click();
  await until(() => total() !== before_);
  const [, ...tags] = /#(\w+)(?: #(\w+))?(?: #(\w+))?$/.exec(psql('select content from feeds.posts order by created_at desc limit 1'));
  for (const tag of tags.filter(Boolean)) {
    await both(pair, async (page) => await count(page, tag) === psql(`select posts from feeds.feeds where name = '${tag}'`), `#${tag}`);
  }
});

test('editing in place: a tag away and back, in both windows', async () => {
  add('Wanderer', 'here #home #kept', 'Wanda');
  add('Bystander', 'stays #home', 'Ben');
  const [one, two] = [await open(feed('kept')), await open(feed('home'))];
  await one.waitForSelector('.permalink time'); // the server's word, which would replace what is noted meanwhile
  const edit = async (content) => {
    await post(one, 'Wanda').getByRole('button', { name: 'Edit' }).click();
    assert.equal(await one.evaluate(() => document.activeElement.tagName), 'TEXTAREA', 'the text has the focus');
    await post(one, 'Wanda').locator('textarea').fill(content);
    await post(one, 'Wanda').getByRole('button', { name: 'Save' }).click();
    await until(async () => await one.locator('.editor').count() === 0 && (await post(one, 'Wanda').locator('.content').textContent()) === content, { what: 'saved' });
  };
  assert.deepEqual(await titles(two), ['Bystander', 'Wanderer']);
  await edit('gone #kept');
  await until(async () => (await titles(two)).join() === 'Bystander', { what: 'taken out' });
  await both([one, two], async (page) => await count(page, 'home') === '1', 'counted');
  await edit('back #kept #home');
  await until(async () => (await titles(two)).join() === 'Wanderer,Bystander', { what: 'back, on top' });
  await both([one, two], async (page) => await count(page, 'home') === '2', 'counted');
  assert.match(await post(one, 'Wanda').locator('header').textContent(), /edited just now/);
  await edit('changed #kept #home');
  await until(async () => (await post(two, 'Wanda').locator('.content').textContent()).startsWith('changed'), { what: 'changed in place' });
  assert.deepEqual(await titles(two), ['Wanderer', 'Bystander']);
});

test('the view for editing: it goes back at once, and the change follows', async () => {
  add('Before', 'one two #viewed', 'Vera');
  const page = await open(feed('viewed'), { intercept: true });
  await post(page, 'Vera').locator('.permalink').click();
  await page.waitForSelector('.edit .editor');
  await browser.picture(page, 'feeds-edit-light');
  await page.getByLabel('Title').fill('After');
  // The answer comes late: the page does not wait for it.
  let answer;
  await page.route('**/api/posts/*', async (route) => {
    if (route.request().method() !== 'PATCH') return route.fallback();
    await new Promise((resolve) => { answer = resolve; });
    return route.continue();
  });
  await page.getByRole('button', { name: 'Save' }).click();
  await page.waitForSelector('.feed .post');
  assert.ok(page.url().endsWith(feed('viewed')));
  assert.deepEqual(await titles(page), ['Before']);
  await until(() => answer);
  answer();
  await until(async () => (await titles(page)).join() === 'After', { what: 'the live update follows' });
});

test('an edit that cannot be saved is not lost', async () => {
  const id = add('Unsaved', 'text #unsaved', 'Una');
  const page = await open(feed('unsaved'), { intercept: true });
  await page.route('**/api/posts/*', (route) => (route.request().method() === 'PATCH' ? route.abort() : route.fallback()));
  await post(page, 'Una').locator('.permalink').click();
  await page.waitForSelector('.edit .editor');
  await page.getByLabel('Title').fill('What I typed');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('alert').getByText('The server cannot be reached').waitFor();
  await page.getByRole('link', { name: 'Open it again' }).click();
  await page.waitForSelector('.edit .editor');
  assert.equal(await page.getByLabel('Title').inputValue(), 'What I typed');
  await page.unroute('**/api/posts/*');
  await page.getByRole('button', { name: 'Save' }).click();
  await until(() => psql(`select title from feeds.posts where id = '${id}'`) === 'What I typed');
  page.complaints = page.complaints.filter((text) => !/ERR_FAILED/.test(text));
});

// It was: the page said nothing, and what was typed was not seen again.
test('an edit in its place that cannot be saved is told of when its feed has been left', async () => {
  add('Unsaved', 'text #leaving', 'Ute');
  const page = await open(feed('leaving'), { intercept: true });
  let refuse;
  await page.route('**/api/posts/*', async (route) => {
    if (route.request().method() !== 'PATCH') return route.fallback();
    await new Promise((resolve) => { refuse = resolve; });
    return route.abort();
  });
  await post(page, 'Ute').getByRole('button', { name: 'Edit' }).click();
  const text = page.locator('.editor textarea');
  await text.fill('What I typed #leaving');
  await text.dispatchEvent('keydown', { key: 'Escape', isComposing: true });
  assert.equal(await text.inputValue(), 'What I typed #leaving', 'Escape within a character that is being composed is not ours');
  await page.getByRole('button', { name: 'Save' }).click();
  await until(() => refuse);
  assert.equal(await text.getAttribute('readonly'), '', 'nothing is typed that would not be saved');
  await page.locator('.back').click();
  await page.getByRole('heading', { name: 'Feeds', exact: true }).waitFor();
  refuse();
  await page.getByRole('alert').getByText('The server cannot be reached').waitFor();
  await page.getByRole('link', { name: 'Open it again' }).click();
  await until(async () => await text.inputValue() === 'What I typed #leaving');
  assert.equal(await page.locator('.failed').count(), 0, 'the form says it now');
  page.complaints = page.complaints.filter((line) => !/ERR_FAILED/.test(line));
});

test('a post on its way: it is sent once, whatever view one goes to, and what is typed meanwhile stays', async () => {
  const page = await open(feed('music'), { intercept: true });
  let answer;
  let sent = 0;
  await page.route('**/api/posts', async (route) => {
    sent += 1;
    await new Promise((resolve) => { answer = resolve; });
    return route.continue();
  });
  const text = page.locator('.composer textarea');
  await write(page, { content: 'First #onway' });
  await until(() => answer);
  await page.locator('.back').click();
  await page.getByRole('heading', { name: 'Feeds', exact: true }).waitFor();
  assert.equal(await text.inputValue(), 'First #onway');
  await text.press('Control+Enter');
  await text.fill('Second #onway');
  answer();
  await page.getByText('Posted to #onway').waitFor();
  assert.equal(await text.inputValue(), 'Second #onway');
  assert.equal(sent, 1);
  await page.unroute('**/api/posts');
  await page.route('**/api/posts', (route) => route.fulfill({
    status: 503, contentType: 'application/problem+json', body: '{"title":"The outcome is unknown","detail":"Look whether it is done"}',
  }));
  await text.press('Control+Enter');
  await page.getByRole('alert').getByText('The outcome is unknown. Look whether it is done.').waitFor();
  page.complaints = page.complaints.filter((line) => !AWAY.test(line));
});

test('what somebody types is never overwritten, and nothing of it is lost', async () => {
  const id = add('Original', 'first #typing', 'Tim');
  const page = await open(feed('typing'));
  await post(page, 'Tim').getByRole('button', { name: 'Edit' }).click();
  const text = page.locator('.editor textarea');
  await text.fill('half a sentence #typing');
  await page.evaluate(() => { document.querySelector('.editor textarea').setSelectionRange(4, 4); });
  add('Other', 'meanwhile #typing');
  await until(async () => await page.locator('.post').count() === 2);
  psql(`update feeds.posts set title = title where id = '${id}'; select crier.touch('/api/posts/${id}'), crier.touch('feed/typing')`);
  assert.equal(await text.inputValue(), 'half a sentence #typing');
  assert.equal(await page.evaluate(() => document.activeElement.selectionStart), 4, 'nor does the caret move');
  psql(`update feeds.posts set content = 'theirs #typing' where id = '${id}'`);
  await page.getByText('Somebody has changed this post meanwhile').waitFor();
  assert.equal(await text.inputValue(), 'half a sentence #typing');
  await browser.picture(page, 'feeds-overtaken');
  psql(`update feeds.posts set content = 'elsewhere' where id = '${id}'`);
  await page.getByText('no longer in this feed').waitFor();
  assert.equal(await text.inputValue(), 'half a sentence #typing', 'not even when the post has left');
  await page.keyboard.press('Escape');
  await until(async () => await page.locator('.post').count() === 1);

  // In the view of its own: the same; and what is not touched follows.
  await page.goto(`${relay.tlsUrl}/feeds/#/edit-post/${id}`);
  await until(async () => await text.inputValue() === 'elsewhere');
  psql(`update feeds.posts set content = 'newer' where id = '${id}'`);
  await until(async () => await text.inputValue() === 'newer', { what: 'untouched: it follows' });
  await text.fill('mine');
  psql(`update feeds.posts set content = 'newest' where id = '${id}'`);
  await page.getByText('Somebody has changed this post meanwhile').waitFor();
  assert.equal(await text.inputValue(), 'mine');
  await page.getByRole('button', { name: 'Show their version' }).click();
  assert.equal(await text.inputValue(), 'newest');
});

test('psql: what is inserted, copied, changed and deleted is in every open page', async () => {
  const pair = [await open(feed('weather')), await open('#/', PHONE)];
  const n = Number(await count(pair[0], 'weather'));
  psql("insert into feeds.posts (title, content) values ('From psql', 'sunny #weather')");
  await until(async () => (await titles(pair[0]))[0] === 'From psql');
  await both(pair, async (page) => await count(page, 'weather') === String(n + 1), 'counted');
  assert.equal(await post(pair[0], 'From psql').locator('.author').textContent(), 'Anonymous');
  cluster.psql(['-c', 'copy feeds.posts (title, content) from stdin'], { input: 'copied\t#weather\n' });
  await until(async () => (await titles(pair[0]))[0] === 'copied');
  psql("update feeds.posts set title = 'changed' where title = 'copied'");
  await until(async () => (await titles(pair[0]))[0] === 'changed');
  psql("delete from feeds.posts where title in ('changed', 'From psql')");
  await both(pair, async (page) => await count(page, 'weather') === String(n), 'gone');
});

test('what people write is text, in every field', async () => {
  const evil = '<img src=x onerror="window.hit=1"><script>window.hit=1</script>{{window.hit=1}}" onfocus="window.hit=1';
  const page = await open(feed('evil'));
  await write(page, { title: evil, content: `${evil} #evil #<b>x</b> javascript:alert(1) <a href="javascript:alert(1)">#evil</a>`, author: evil });
  await until(async () => await page.locator('.post').count() === 1);
  assert.equal(await page.locator('.post .title').textContent(), evil);
  assert.equal(await page.locator('.post .author').textContent(), evil);
  assert.equal((await page.locator('.post .content').textContent()).startsWith(evil), true);
  assert.equal(await page.locator('.post img, .post script, .post b').count(), 0);
  assert.deepEqual(await page.locator('.post .content a').evaluateAll((links) => links.map((a) => [a.textContent, a.getAttribute('href')])),
    [['#evil', '#/feed/evil'], ['#evil', '#/feed/evil']]);
  await page.locator('.post').getByRole('button', { name: 'Edit' }).click();
  assert.equal(await page.locator('.editor input').inputValue(), evil);
  await page.goto(`${relay.tlsUrl}/feeds/#/feed/${encodeURIComponent(evil)}`);
  await page.getByText('There is no such feed yet').waitFor();
  await page.goto(`${relay.tlsUrl}/feeds/#/feed/%E0%A4%A`);
  await page.getByText('There is no such feed yet').waitFor();
  assert.equal(await page.evaluate(() => window.hit), undefined);
});

test('tags in texts are links to feeds, whatever their case', async () => {
  add('Links', 'see #HelloWorld, (#b) x#c#d and #zażółć', 'Lin');
  const page = await open(feed('helloworld'));
  assert.deepEqual(await page.locator('.post .content a').evaluateAll((links) => links.map((a) => `${a.textContent} ${a.getAttribute('href')}`)),
    ['#HelloWorld #/feed/helloworld', '#b #/feed/b', '#c #/feed/c', '#d #/feed/d', '#za #/feed/za']);
  assert.equal(await page.locator('.post .content').textContent(), 'see #HelloWorld, (#b) x#c#d and #zażółć');
  await page.goto(`${relay.tlsUrl}/feeds/#/feed/HelloWORLD`);
  await until(async () => await page.title() === '#helloworld · Feeds');
  add('Live', '#helloworld');
  await until(async () => (await titles(page)).includes('Live'));
});

test('a feed that is not there yet comes with its first post; one that has lost its last one says so', async () => {
  const page = await open(feed('tomorrow'));
  await page.getByText('There is no such feed yet').waitFor();
  await browser.picture(page, 'feeds-nofeed');
  const id = add('Today', '#tomorrow');
  await until(async () => (await titles(page)).join() === 'Today');
  psql(`delete from feeds.posts where id = '${id}'`);
  await page.getByText('Every post has left this feed').waitFor();
  await until(async () => await count(page, 'tomorrow') === '0');
  await page.goto(`${relay.tlsUrl}/feeds/#/edit-post/${id}`);
  await page.getByText('This post is not here').waitFor();
  await page.goto(`${relay.tlsUrl}/feeds/#/feed/tomorrow`);
  await page.getByText('Every post has left this feed').waitFor();
  await page.goto(`${relay.tlsUrl}/feeds/#/edit-post/abc`); // no UUID: 400
  await page.getByText('This post is not here').waitFor();
  page.complaints = page.complaints.filter((text) => !/40[04]/.test(text));
});

test('the keyboard alone: write, post, edit, give up', async () => {
  const page = await open(feed('keyboard'), { hold: [WORD_MS] });
  const focused = () => page.evaluate(() => document.activeElement.id || document.activeElement.textContent);
  for (let i = 0; i < 9 && await focused() !== 'new-content'; i += 1) await page.keyboard.press('Tab');
  assert.equal(await focused(), 'new-content');
  await page.keyboard.type('Typed #keyboard');
  await page.keyboard.press('Control+Enter');
  await until(async () => await page.locator('.post').count() === 1);
  assert.equal(await focused(), 'new-content', 'the focus stays for the next one');
  for (let i = 0; i < 9 && !/^Edit/.test(await focused()); i += 1) await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await page.waitForSelector('.editor');
  await page.keyboard.type(' and edited');
  await page.keyboard.press('Control+Enter');
  await until(async () => await page.locator('.post .content').textContent() === 'Typed #keyboard and edited');
  await until(async () => /^Edit/.test(await focused()), { what: 'the focus is where it was' });
  await page.keyboard.press('Enter');
  await page.waitForSelector('.editor');
  await page.keyboard.type('never');
  await page.keyboard.press('Escape');
  assert.equal(await page.locator('.post .content').textContent(), 'Typed #keyboard and edited');
  assert.match(await focused(), /^Edit/);
  await page.locator('#new-content').focus();
  await page.keyboard.type('Once more #keyboard');
  await page.getByRole('button', { name: 'Post', exact: true }).focus();
  await page.keyboard.press('Enter');
  await until(async () => await page.locator('.post').count() === 2);
  await until(async () => await focused() === 'new-content', { what: 'the focus is where one goes on, not on a button that is disabled' });
  await page.getByRole('button', { name: 'Random post' }).focus();
  await page.keyboard.press('Enter');
  await page.getByText('A random post is out').waitFor();
  assert.equal(await focused(), 'Random post', 'the focus stays for the next one');
  await page.locator('.back').focus();
  await page.keyboard.press('Enter');
  await until(async () => await focused() === 'Feeds', { what: 'the focus is on the heading of the new view' });
});

test('neither nothing nor too much can be posted, and how much room is left is said in time', async () => {
  const page = await open(feed('limits'));
  const button = page.locator('.composer').getByRole('button', { name: 'Post', exact: true });
  const text = page.locator('.composer textarea');
  const asked = [];
  page.on('request', (request) => { if (request.method() === 'POST') asked.push(request.url()); });
  assert.equal(await button.isDisabled(), true);
  await text.fill('  \n ');
  assert.equal(await button.isDisabled(), true);
  await text.press('Control+Enter');
  assert.equal(await page.locator('.composer .left').count(), 0);
  const most = `${'ä'.repeat(32_763)} #limits`; // octets are what counts
  await text.fill(`${most}!!`);
  assert.equal(await page.locator('.composer .left.over').evaluate((e) => e.firstChild.data), '-1');
  assert.equal(await button.isDisabled(), true);
  await text.press('Control+Enter');
  await text.fill(`${most}!`);
  assert.equal(await page.locator('.composer .left').evaluate((e) => e.firstChild.data), '0');
  assert.deepEqual(asked, [], 'nothing has been sent so far');
  await button.click();
  await until(async () => await page.locator('.post').count() === 1);
});

test('back leads to where one was, and what is left is followed no longer', async () => {
  const page = await open('#/', PHONE);
  await page.addInitScript(() => {
    globalThis.sources = [];
    globalThis.EventSource = class extends EventSource {
      constructor(url) {
        super(url);
        globalThis.sources.push(this);
      }
    };
  });
  await page.reload();
  await page.locator('.feed-link', { hasText: '#music' }).click();
  await page.waitForSelector('.post');
  await page.evaluate(() => scrollTo(0, 300));
  await page.locator('.post .permalink').nth(1).click();
  await page.waitForSelector('.editor');
  assert.equal(await page.evaluate(() => scrollY), 0);
  await page.goBack();
  await until(() => page.evaluate(() => scrollY === 300 && document.querySelector('.post') !== null), { what: 'the place' });
  assert.deepEqual(await page.evaluate(() => globalThis.sources.filter(({ readyState }) => readyState !== 2).map(({ url }) => new URL(url).pathname)),
    ['/api/feeds', '/api/feeds/music']);
});

test('a long feed: what is new above says so, and is made when it is wanted', async () => {
  psql("insert into feeds.posts (title, content) select 'post ' || i, '#long' from generate_series(1, 3000) i");
  const page = await open(feed('long'));
  await page.waitForSelector('.permalink time');
  assert.equal(await page.locator('.post').count(), 50);
  await post(page, 'post 2960').scrollIntoViewIfNeeded();
  const top = await post(page, 'post 2960').evaluate((e) => e.getBoundingClientRect().top);
  add('above', '#long');
  await page.getByRole('button', { name: '1 new post' }).waitFor();
  assert.equal(Math.round(await post(page, 'post 2960').evaluate((e) => e.getBoundingClientRect().top)), Math.round(top), 'nothing moves under the eyes');
  await browser.picture(page, 'feeds-arrived');
  await page.getByRole('button', { name: '1 new post' }).click();
  await until(() => page.evaluate(() => scrollY === 0));
  await page.getByRole('button', { name: /^Show more \(2,950 left\)/ }).click();
  await until(async () => await page.locator('.post').count() === 251);
});

test('PostgreSQL restarts under an open page: it stays, and catches up', async () => {
  const page = await open(feed('cats'));
  await page.waitForSelector('.post');
  await cluster.restart();
  await cluster.sql("insert into feeds.posts (title, content) values ('After the restart', '#cats')");
  await until(async () => (await titles(page))[0] === 'After the restart', { limit: 30_000 });
  await page.waitForSelector('.state.live');
  page.complaints = page.complaints.filter((text) => !AWAY.test(text)); // when the posts were posted
});

test('the relay goes and comes back: the page says so, keeps what it shows and what is typed, and catches up', async () => {
  const page = await open(feed('cats'));
  await page.waitForSelector('.post');
  const n = await page.locator('.post').count();
  await page.locator('.composer textarea').fill('Unsent #cats');
  await relay.stop();
  await page.waitForSelector('.state.stale');
  await page.locator('.composer').getByRole('button', { name: 'Post', exact: true }).click();
  await page.getByRole('alert').getByText('The server cannot be reached').waitFor();
  await browser.picture(page, 'feeds-reconnecting');
  assert.equal(await page.locator('.post').count(), n, 'what was there stays');
  assert.equal(await page.locator('.composer textarea').inputValue(), 'Unsent #cats');
  add('Meanwhile', '#cats');
  relay = await run();
  await until(async () => (await titles(page))[0] === 'Meanwhile', { limit: 40_000, what: 'what happened meanwhile' });
  await page.locator('.composer').getByRole('button', { name: 'Post', exact: true }).click();
  await until(async () => await post(page, 'Unsent').count() === 1, { what: 'and now it is sent' });
  page.complaints = page.complaints.filter((text) => !AWAY.test(text));
});

for (const colorScheme of ['light', 'dark']) {
  for (const [size, options] of [['', {}], ['-phone', PHONE]]) {
    test(`every view (${colorScheme}${size}): axe has nothing to say, nothing is wider than the screen`, async () => {
      const id = psql("select id from feeds.posts where title = 'The slow roaster'");
      const page = await open('#/', { colorScheme, hold: [MARK_MS], ...options });
      for (const [name, hash, selector] of [['home', '#/', '.feed-link'], ['feed', feed('coffee'), '.post'], ['edit', `#/edit-post/${id}`, '.editor'], ['empty', feed('nowhere'), '.empty']]) {
        await page.goto(`${relay.tlsUrl}/feeds/${hash}`);
        await page.waitForSelector(selector);
        if (name === 'home') {
          await page.locator('.composer textarea').fill('Hello #coffee');
          add('Fresh', '#fresh');
          await page.waitForSelector('.feed-link.new, .feed-link.changed');
        }
        if (name === 'feed') {
          await post(page, 'Hiroshi').first().getByRole('button', { name: 'Edit' }).click();
          add('Fresh', 'and hot #coffee');
          await page.waitForSelector('.post.new');
        }
        if ((colorScheme === 'dark') === (size === '-phone')) assert.deepEqual(await violations(page), [], name);
        assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${name} is as wide as the screen`);
        if (name === 'feed') {
          await page.keyboard.press('Escape');
          await page.evaluate(() => scrollTo(0, 0));
        }
        await browser.picture(page, `feeds-${name}-${colorScheme}${size}`);
      }
    });
  }
}

test('posts with thousands of tags, endless words and other directions do not break a page', async () => {
  psql(`insert into feeds.posts (title, content, author) select repeat('W', 255), string_agg('#t' || i, ''), repeat('👩‍🚀', 60) from generate_series(1, 8000) i`);
  psql(`insert into feeds.posts (title, content, author) values ('שלום', E'مرحبا #t1\n\n   two lines, one indented', ' '), ('', '   #t1 ' || repeat('a', 5000), 'x'), ('', '#t1#' || repeat('b', 60000), '')`);
  const page = await open('#/', PHONE);
  assert.equal(await page.locator('.feed-link').count(), 200);
  await page.getByRole('button', { name: /^Show more \(7,8/ }).click();
  await until(async () => await page.locator('.feed-link').count() === 700);
  await page.goto(`${relay.tlsUrl}/feeds/#/feed/t1`);
  await until(async () => await page.locator('.post').count() === 4);
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'nothing is wider than the phone');
  assert.ok(await page.locator('.post a').count() < 500);
  await browser.picture(page, 'feeds-nasty-phone');
  await post(page, '👩‍🚀').getByRole('button', { name: 'Show all of it' }).click();
  await until(async () => await page.locator('.post a').count() > 8000);
  psql("delete from feeds.posts where 't1' = any (tags)");
  await page.getByText('Every post has left this feed').waitFor();
});

test('an empty page invites', async () => {
  psql("create table feeds.aside as table feeds.sizes; delete from feeds.sizes; select crier.touch('/api/feeds')");
  const page = await open();
  await page.getByText('There are no feeds yet').waitFor();
  await browser.picture(page, 'feeds-nothing');
  psql('insert into feeds.sizes table feeds.aside; drop table feeds.aside');
  await until(async () => await page.locator('.feed-link').count() > 10);
});
