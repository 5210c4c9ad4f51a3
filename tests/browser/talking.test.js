// talking.test.js -- the page /talking/ in Chromium: what psql does shows in every open window.

import { after, afterEach, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { startBrowser } from '../lib/browser.js';
import { ROOT, startCluster } from '../lib/cluster.js';
import { freePort } from '../lib/process.js';
import { startRelay } from '../lib/relay.js';
import { until } from '../lib/until.js';

const PHONE = { width: 390, height: 844 };
let cluster;
let relay;
let port;
let browser;
const pages = [];

const psql = (sql) => cluster.psql(['-At', '-c', sql]).trim();
const run = () => startRelay({
  database: cluster.url({ user: 'relay' }), listen: [`127.0.0.1:${port}`], args: ['--public', join(ROOT, 'public')],
});

before(async () => {
  cluster = await startCluster();
  cluster.psql(['-f', join(ROOT, 'db', 'talking.sql')]);
  cluster.psql(['-f', join(ROOT, 'db', 'talking-sample.sql')]);
  await cluster.sql(`select crier.grant_relay('relay')`);
  port = await freePort();
  [relay, browser] = await Promise.all([run(), startBrowser()]);
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
  const page = await browser.open(`${relay.url}/talking/${hash}`, options);
  pages.push(page);
  await page.waitForSelector('.state.live');
  return page;
}

const thread = (id) => `#/recordings/${id}`;
const row = (page, id) => page.locator(`#recording-${id}`);
const words = (page, id) => row(page, id).locator('.words').textContent();
const order = (page) => page.locator('.row').evaluateAll((rows) => rows.map((r) => Number(r.id.slice('recording-'.length))));
const both = (pair, check, what) => Promise.all(pair.map((page) => until(() => check(page), { what })));

// The order of a thread as the database says it.
const documentOrder = (id) => JSON.parse(psql(`select talking.recording_tree(${id})`));
function flat(recording) {
  return recording.replies.flatMap((reply) => [reply.id, ...flat(reply)]);
}

test('two windows follow what psql inserts, votes, moves and deletes', async () => {
  const root = Number(psql("select id from talking.recordings where title = 'Ask me anything: I tune church organs'"));
  const pair = [await open(thread(root)), await open(thread(root), { colorScheme: 'dark', ...PHONE })];
  assert.deepEqual(await order(pair[0]), flat(documentOrder(root)), 'the order is the document\'s');
  await browser.picture(pair[0], 'talking-thread-light');
  await browser.picture(pair[1], 'talking-thread-dark-phone');

  const title = '<b>Not bold</b> & "quoted" \\ 😀';
  const id = Number(psql(`insert into talking.recordings (parent_id, author, title)
    values (${root}, '<i>Eve</i>', '${title}') returning id`));
  await both(pair, (page) => row(page, id).count(), 'the new reply in both windows');
  for (const page of pair) {
    assert.equal(await words(page, id), title, 'text is text');
    assert.equal(await row(page, id).locator('h3').textContent(), '<i>Eve</i>');
    assert.equal(await row(page, id).locator('.badge').textContent(), 'new');
    assert.equal(await page.locator('#replies').textContent(), `${psql(`select count(*) - 1 from talking.recordings where root_id = ${root}`)} replies`);
  }
  await row(pair[0], id).scrollIntoViewIfNeeded();
  await browser.picture(pair[0], 'talking-thread-new');

  psql(`insert into talking.votes select ${id}, md5(i::text)::uuid, 1 from generate_series(1, 2000) i`);
  await both(pair, async (page) => (await order(page))[0] === id, 'the best reply comes first');
  assert.match(await row(pair[0], id).locator('.votes').textContent(), /2,000 for\s*0 against/);

  const child = Number(psql(`insert into talking.recordings (parent_id, author, title) values (${id}, 'Ben', 'below') returning id`));
  const other = flat(documentOrder(root)).at(-1);
  await both(pair, (page) => row(page, child).count(), 'a reply to the reply');
  psql(`update talking.recordings set parent_id = ${other} where id = ${id}`);
  await both(pair, async (page) => (await order(page)).slice(-3).join() === [other, id, child].join(), 'the subtree is where it was moved');
  assert.match(await row(pair[0], id).locator('.hidden').first().textContent(), /^replies to /);

  psql(`delete from talking.recordings where id = ${id}`);
  await both(pair, async (page) => await row(page, id).count() + await row(page, child).count() === 0, 'the deleted subtree is gone');
  assert.deepEqual(await order(pair[1]), flat(documentOrder(root)));

  psql(`update talking.recordings set title = 'Ask me nothing' where id = ${root}`);
  await both(pair, async (page) => await page.locator('h1').textContent() === 'Ask me nothing', 'the title');
  await until(async () => await pair[0].title() === 'Ask me nothing · Talking');
  psql(`delete from talking.recordings where id = ${root}`);
  await both(pair, async (page) => await page.locator('h1').textContent() === 'This recording is not here', 'the thread is gone');
  await both(pair, (page) => page.locator('.state.gone').count(), 'and nothing is live');
});

test('the list follows, too: a new thread, its votes, the number of replies', async () => {
  const pair = [await open(), await open('#/', { colorScheme: 'dark' })];
  assert.equal(await pair[0].locator('.entry').count(), Number(psql('select count(*) from talking.recordings where parent_id is null')));
  await browser.picture(pair[0], 'talking-list-light');
  await browser.picture(pair[1], 'talking-list-dark');
  const id = psql("insert into talking.recordings (author, title) values ('Nora', 'A thread from psql') returning id");
  const entry = (page) => page.locator('.entry', { has: page.locator(`a[href="#/recordings/${id}"]`) });
  await both(pair, (page) => entry(page).count(), 'the new thread');
  assert.match(await entry(pair[0]).textContent(), /no replies/);
  psql(`insert into talking.recordings (parent_id, author) select ${id}, 'x' from generate_series(1, 3)`);
  await both(pair, async (page) => /3 replies/.test(await entry(page).textContent()), 'the number of replies');
  psql(`insert into talking.votes select ${id}, md5(i::text)::uuid, 1 from generate_series(1, 3000) i`);
  await both(pair, async (page) => await page.locator('.entry a').first().getAttribute('href') === `#/recordings/${id}`, 'the best comes first');
});

test('the keyboard reaches everything, and keeps its place while rows move', async () => {
  const page = await open();
  const first = await page.locator('.entry a').first().getAttribute('href');
  const focused = () => page.evaluate(() => document.activeElement.getAttribute('href') ?? document.activeElement.closest('.row')?.id);
  await page.keyboard.press('Tab');
  await page.keyboard.press('Tab');
  assert.equal(await focused(), first, 'the second stop is the first thread');
  await page.keyboard.press('Enter');
  await page.waitForSelector('.row');

  await page.goto(`${relay.url}/talking/${thread(82)}`); // the chain of 27
  await page.waitForSelector('.row');
  const rows = await order(page);
  await row(page, rows[4]).locator('.fold').focus();
  await page.keyboard.press('Enter');
  await until(async () => (await order(page)).length === 5, { what: 'the rest is folded' });
  assert.equal(await row(page, rows[4]).locator('.fold').getAttribute('aria-expanded'), 'false');
  assert.equal(await focused(), `recording-${rows[4]}`, 'focus stays on the button');
  psql(`insert into talking.recordings (parent_id, author, title) values (82, 'Zoe', 'before it'), (${rows[20]}, 'Zoe', 'folded away')`);
  psql('insert into talking.votes select max(id) - 1, md5(i::text)::uuid, 1 from talking.recordings, generate_series(1, 900) i group by i');
  await until(async () => (await order(page))[0] !== rows[0], { what: 'another reply comes before' });
  assert.equal(await focused(), `recording-${rows[4]}`, 'focus stays where rows come and go');
  await page.getByRole('button', { name: '1 new reply' }).click();
  await until(async () => (await order(page)).length === 29, { what: 'what was folded away is shown' });
  await until(async () => /^recording-/.test(await focused()) && await words(page, (await focused()).slice(10)) === 'folded away',
    { what: 'and the focus leads there' });
});

test('the focus goes along with a row that is overtaken, and that overtakes', async () => {
  const race = Number(psql(`insert into talking.recordings (author, title) values ('x', 'Race') returning id`));
  const racers = psql(`insert into talking.recordings (parent_id, author, title)
    select ${race}, 'racer', i::text from generate_series(1, 4) i returning id`).split('\n').map(Number).reverse();
  const page = await open(thread(race));
  await until(async () => (await order(page)).join() === racers.join());
  await row(page, racers[0]).locator('.when').focus();
  const focused = () => page.evaluate(() => document.activeElement.closest('.row')?.id);
  const like = (id, n) => psql(`insert into talking.votes select ${id}, gen_random_uuid(), 1 from generate_series(1, ${n})`);
  psql(`insert into talking.votes select r, gen_random_uuid(), 1 from unnest(array[${racers.slice(1)}]) r`);
  await until(async () => (await order(page))[3] === racers[0], { what: 'the first is the last' });
  assert.equal(await focused(), `recording-${racers[0]}`);
  like(racers[0], 5);
  await until(async () => (await order(page))[0] === racers[0], { what: 'the last is the first' });
  assert.equal(await focused(), `recording-${racers[0]}`);
});

test('nothing scrolls by itself, and a button leads to what is elsewhere', async () => {
  const page = await open(thread(1), { height: 600 }); // the one with more than 70 replies
  const before_ = await page.evaluate(() => scrollY);
  const id = psql("insert into talking.recordings (parent_id, author, title) values (1, 'psql', 'Hello, browsers') returning id");
  await page.getByRole('button', { name: '1 new reply' }).waitFor();
  assert.equal(await page.evaluate(() => scrollY), before_);
  assert.equal(await page.locator('[role=status]', { hasText: 'reply just arrived' }).textContent(), '1 reply just arrived');
  await page.getByRole('button', { name: '1 new reply' }).click();
  await until(() => row(page, id).evaluate((r) => r.getBoundingClientRect().top >= 0 && r.getBoundingClientRect().bottom <= innerHeight));
  await until(async () => await page.getByRole('button', { name: 'new reply' }).count() === 0, { what: 'the button is gone' });
  await until(async () => await page.locator('.badge').count() === 0, { what: 'the mark fades' });
});

test('10,000 levels are rows like others, made when they are wanted', async () => {
  psql(`insert into talking.recordings (id, parent_id, author, title)
    select 1000000 + i, case when i > 1 then 1000000 + i - 1 end, 'deep', 'level ' || i from generate_series(1, 10000) i`);
  const page = await open(thread(1000001), PHONE);
  await page.waitForSelector('.row');
  assert.equal(await page.locator('.row').count(), 200);
  assert.equal(await page.locator('#replies').textContent(), '9,999 replies');
  const button = page.getByRole('button', { name: 'Show more (9,799 left)' });
  await button.focus();
  await page.keyboard.press('Enter');
  await until(async () => await page.locator('.row').count() === 700);
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true, 'nothing is wider than the phone');
  await row(page, 1000700).scrollIntoViewIfNeeded();
  await browser.picture(page, 'talking-deep-phone');
  psql('delete from talking.recordings where id = 1000001');
  await page.getByText('This recording is not here').waitFor();
});

test('what is not there is said to be not there', async () => {
  const page = await browser.open(`${relay.url}/talking/${thread(99999999)}`);
  await page.getByText('This recording is not here').waitFor();
  await page.locator('.back').click();
  await page.waitForSelector('.entry');
  assert.deepEqual(page.complaints.filter((text) => !/404/.test(text)), [], 'but for the 404 nothing on the console');
  await page.close();
});

test('the relay goes and comes back: the page says so, and catches up by itself', async () => {
  const page = await open(thread(1));
  await page.waitForSelector('.row');
  await relay.stop();
  await page.waitForSelector('.state.stale');
  assert.equal(await page.locator('.state').textContent(), 'reconnecting…');
  assert.ok(await page.locator('.row').count() > 60, 'what was there stays');
  const id = psql("insert into talking.recordings (parent_id, author, title) values (1, 'late', 'Meanwhile') returning id");
  relay = await run();
  await until(() => row(page, id).count(), { limit: 40_000, what: 'what happened meanwhile' });
  assert.equal(await page.locator('.state').textContent(), 'live');
  page.complaints = page.complaints.filter((text) => !/ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED|ERR_CONNECTION_RESET/.test(text));
});

// Contrast of each text with what is behind it, as computed styles say.
const contrasts = () => {
  const parse = (color) => color.match(/[\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((v) => v / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (element) => {
    for (let e = element; e; e = e.parentElement) {
      const color = getComputedStyle(e).backgroundColor;
      const [, , , alpha = 1] = parse(color);
      if (color.startsWith('rgb') && alpha === 1) return parse(color);
    }
    return [255, 255, 255];
  };
  const poor = new Set();
  let seen = 0;
  for (const element of document.querySelectorAll('body *')) {
    if (![...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim())) continue;
    if (element.closest('.hidden, noscript')) continue;
    const [a, b] = [light(parse(getComputedStyle(element).color)), light(behind(element))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    seen += 1;
    if (ratio < 4.5) poor.add(`${element.className || element.tagName}: ${ratio.toFixed(2)}`);
  }
  return { seen, poor: [...poor] };
};

for (const colorScheme of ['light', 'dark']) {
  test(`every text is readable (${colorScheme})`, async () => {
    for (const hash of ['#/', thread(1), thread(82)]) {
      const page = await open(hash, { colorScheme });
      await page.waitForSelector('.entry, .row');
      psql("insert into talking.recordings (parent_id, author, title) values (82, 'x', null)");
      if (hash === thread(82)) await page.waitForSelector('.badge');
      const { seen, poor } = await page.evaluate(contrasts);
      assert.ok(seen > 100, `${seen} texts seen`);
      assert.deepEqual(poor, []);
    }
  });
}

test('the front page leads to it', async () => {
  const page = await browser.open(`${relay.url}/`);
  pages.push(page);
  await page.getByRole('link', { name: 'Talking' }).click();
  await page.waitForSelector('.entry');
});
