// feeds_foreign.test.js -- a front end by people who never heard of pgcrier (tests/lib/foreign), with
// nothing but db/ and route rows behind it.

import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { startBrowser } from '../lib/browser.js';
import { ROOT, startCluster } from '../lib/cluster.js';
import { startRelay } from '../lib/relay.js';
import { until } from '../lib/until.js';

let cluster;
let relay;
let browser;

before(async () => {
  cluster = await startCluster();
  cluster.psql(['-f', join(ROOT, 'db', 'feeds.sql')]);
  await cluster.sql(`select crier.grant_relay('relay')`);
  relay = await startRelay({ database: cluster.url({ user: 'relay' }), args: ['--public', join(ROOT, 'tests', 'lib', 'foreign')] });
  browser = await startBrowser();
});
after(async () => {
  try { await browser?.stop(); await relay?.stop(); } finally { await cluster?.stop(); }
});

const list = (page) => page.locator('#feeds li').evaluateAll((items) => items.map((li) => li.textContent).join(' '));
const titles = (page) => page.locator('h2').allTextContents();
const post = async (page, { title, content, author = 'somebody' }) => {
  await page.locator('[name=title]').fill(title);
  await page.locator('[name=content]').fill(content);
  await page.locator('[name=author]').fill(author);
  await page.locator('form button').click();
};

test('it posts, follows, edits and goes back at once, in two windows', async () => {
  const [one, two] = [await browser.open(`${relay.url}/`), await browser.open(`${relay.url}/`)];
  await post(one, { title: 'First', content: 'hello #World and #b' });
  for (const page of [one, two]) await until(async () => await list(page) === 'world1 b1');
  await two.locator('#feeds a', { hasText: 'world' }).click();
  await until(async () => (await titles(two)).join() === 'First');
  await post(one, { title: 'Second', content: '<script>alert(1)</script> #world', author: 'me' });
  await until(async () => (await titles(two)).join() === 'Second,First', { what: 'the newest is on top' });
  assert.equal(await two.locator('article').first().locator('.tags').textContent(), 'world');

  // Its link to #World, which exists as world alone, leads to the feed, and that is live.
  await two.locator('article').nth(1).locator('a', { hasText: '#World' }).click();
  await until(async () => two.url().endsWith('#/feed/World') && (await titles(two)).join() === 'Second,First');
  await post(one, { title: 'Third', content: '#WORLD' });
  await until(async () => (await titles(two)).join() === 'Third,Second,First');

  // An edit: the tag away, and back. Each event replaces the form, so it is filled when it shows the newest.
  let text = 'hello #World and #b';
  for (const [content, feeds, left] of [['#b alone', 'world2 b1', 'Third,Second'], ['#b #world', 'world3 b1', 'First,Third,Second']]) {
    if (!(await titles(two)).includes('First')) await two.goto(`${relay.url}/#/feed/b`);
    await until(async () => (await titles(two)).includes('First'));
    await two.locator('article', { hasText: 'First' }).getByText('edit').click();
    await until(async () => await two.locator('[name=content]').inputValue() === text, { what: 'the post as it is' });
    await two.locator('[name=content]').fill(content);
    await two.locator('form button').click();
    text = content;
    await until(async () => await list(one) === feeds);
    if (two.url().endsWith('/b')) await two.goto(`${relay.url}/#/feed/World`);
    await until(async () => (await titles(two)).join() === left, { what: 'the live update follows on the view that it went back to' });
  }
  assert.deepEqual([...one.complaints, ...two.complaints], []);
  await Promise.all([one.close(), two.close()]);
});

test('what somebody types is not overwritten by what happens elsewhere', async () => {
  const id = await cluster.value(`insert into feeds.posts (title, content) values ('mine', '#typing') returning id`);
  const page = await browser.open(`${relay.url}/#/edit-post/${id}`);
  await page.locator('[name=title]').fill('half a sen');
  await cluster.sql(`insert into feeds.posts (content) values ('#typing #world')`);
  await cluster.sql(`update feeds.posts set title = title || '!' where id <> $1`, [id]);
  await cluster.sql(`update feeds.posts set title = title where id = $1`, [id]);
  await cluster.sql(`select crier.touch($1)`, [`/api/posts/${id}`]);
  await until(async () => (await list(page)).includes('typing2'));
  assert.equal(await page.locator('[name=title]').inputValue(), 'half a sen');
  await page.close();
});

test('the button makes a random post', async () => {
  const page = await browser.open(`${relay.url}/`);
  const count = await cluster.value('select count(*)::int from feeds.posts');
  await page.locator('#generate').click();
  await until(async () => await cluster.value('select count(*)::int from feeds.posts') === count + 1);
  const [tag] = (await cluster.sql('select tags[1] as tag from feeds.posts order by created_at desc limit 1')).map((row) => row.tag);
  await until(async () => (await list(page)).includes(tag));
  assert.deepEqual(page.complaints, []);
  await page.close();
});
