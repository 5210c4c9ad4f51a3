// talking.test.js -- the page /talking/ in Chromium: what psql does shows in every open window.

import { test } from 'node:test';
import assert from 'node:assert/strict';
import { violations } from '../lib/axe.js';
import { PHONE, row, talkingForAll, thread } from '../lib/talking.js';
import { until } from '../lib/until.js';

const MARKED = { hold: [6000] }; // marks stay until they are released
const talking = talkingForAll();
const psql = (sql) => talking.psql(sql);
const open = (...args) => talking.open(...args);
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
  const pair = [await open(thread(root), MARKED), await open(thread(root), { colorScheme: 'dark', ...MARKED, ...PHONE })];
  assert.deepEqual(await order(pair[0]), flat(documentOrder(root)), 'the order is the document\'s');
  await talking.browser.picture(pair[0], 'talking-thread-light');
  await talking.browser.picture(pair[1], 'talking-thread-dark-phone');

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
  await talking.browser.picture(pair[0], 'talking-thread-new');

  psql(`insert into talking.votes select ${id}, md5(i::text)::uuid, 1 from generate_series(1, 2000) i`);
  await both(pair, async (page) => (await order(page))[0] === id, 'the best reply comes first');
  assert.match(await row(pair[0], id).locator('.votes').textContent(), /2,000 for.*0 against/);

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
  await talking.browser.picture(pair[0], 'talking-list-light');
  await talking.browser.picture(pair[1], 'talking-list-dark');
  const id = psql("insert into talking.recordings (author, title) values ('Nora', 'A thread from psql') returning id");
  const entry = (page) => page.locator('.entry', { has: page.locator(`a[href="#/recordings/${id}"]`) });
  await both(pair, (page) => entry(page).count(), 'the new thread');
  assert.match(await entry(pair[0]).textContent(), /no replies/);
  psql(`insert into talking.recordings (parent_id, author) select ${id}, 'x' from generate_series(1, 3)`);
  await both(pair, async (page) => /3 replies/.test(await entry(page).textContent()), 'the number of replies');
  psql(`insert into talking.votes select ${id}, md5(i::text)::uuid, 1 from generate_series(1, 3000) i`);
  await both(pair, async (page) => await page.locator('.entry a').first().getAttribute('href') === `#/recordings/${id}`, 'the best comes first');
});

test('fifty threads, and more when they are wanted, which are not new', async () => {
  psql(`insert into talking.recordings (author, title) select 'many', i::text from generate_series(1, 120) i;
    insert into talking.votes select id, gen_random_uuid(), 1 from talking.recordings where author = 'many'`);
  const page = await open('#/', MARKED);
  const entries = () => page.locator('.entry').count();
  assert.equal(await entries(), 50);
  const button = page.getByRole('button', { name: 'Show more' });
  await button.click();
  await until(async () => await entries() === Number(psql('select count(*) from talking.recordings where parent_id is null')), { what: 'all of them' });
  assert.equal(await button.count(), 0, 'there are no more');
  assert.equal(await page.locator('.badge').count(), 0);
  psql("insert into talking.recordings (author, title) values ('many', 'This one is')");
  await until(() => page.locator('.entry', { hasText: 'This one is' }).locator('.badge').count(), { what: 'live like the others' });
  await page.locator('.entry a').first().click();
  await page.locator('.back').click();
  await until(async () => await entries() > 120, { what: 'as many as before on the way back' });
  psql("delete from talking.recordings where author = 'many'");
  await until(async () => await entries() < 50, { what: 'gone' });
});

test('the keyboard reaches everything, and keeps its place while rows move', async () => {
  const page = await open();
  const first = await page.locator('.entry a').first().getAttribute('href');
  const focused = () => page.evaluate(() => document.activeElement.getAttribute('href') ?? document.activeElement.closest('.row')?.id);
  for (let i = 0; i < 3; i += 1) await page.keyboard.press('Tab');
  assert.equal(await focused(), first, 'the third stop is the first thread, after the list and a thread of one\'s own');
  await page.keyboard.press('Enter');
  await page.waitForSelector('.row');

  await page.goto(`${talking.url}/talking/${thread(82)}`); // the chain of 27
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
  const page = await open(thread(1), { height: 600, ...MARKED }); // the one with more than 70 replies
  const before_ = await page.evaluate(() => scrollY);
  const id = psql("insert into talking.recordings (parent_id, author, title) values (1, 'psql', 'Hello, browsers') returning id");
  await page.getByRole('button', { name: '1 new reply' }).waitFor();
  assert.equal(await page.evaluate(() => scrollY), before_);
  assert.equal(await page.locator('[role=status]', { hasText: 'reply just arrived' }).textContent(), '1 reply just arrived');
  await page.getByRole('button', { name: '1 new reply' }).click();
  await until(() => row(page, id).evaluate((r) => r.getBoundingClientRect().top >= 0 && r.getBoundingClientRect().bottom <= innerHeight));
  await until(async () => await page.getByRole('button', { name: 'new reply' }).count() === 0, { what: 'the button is gone' });
  assert.equal(await row(page, id).locator('.badge').count(), 1);
  await page.release();
  await until(async () => await page.locator('.badge').count() === 0, { what: 'the mark fades' });
});

test('a permalink leads to the very recording, in its thread', async () => {
  const id = flat(documentOrder(1)).at(-1);
  const page = await open(`${thread(1)}/${id}`, { height: 600 });
  const box = () => row(page, id).evaluate((r) => r.getBoundingClientRect().top >= 0 && r.getBoundingClientRect().bottom <= innerHeight);
  await until(box, { what: 'it is in view' });
  assert.match(await row(page, id).getAttribute('class'), /\bhere\b/);
  assert.equal(await page.evaluate(() => document.activeElement.id), `recording-${id}`, 'for ears, too');
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
  await talking.browser.picture(page, 'talking-deep-phone');
  await page.goto(`${talking.url}/talking/${thread(1000001)}/1002000`);
  await until(() => page.evaluate(() => document.activeElement.id === 'recording-1002000'), { what: 'a permalink into what is not made yet' });
  psql('delete from talking.recordings where id = 1000001');
  await page.getByText('This recording is not here').waitFor();
});

test('what is not there is said to be not there', async () => {
  const page = await talking.browser.open(`${talking.url}/talking/${thread(99999999)}`, { ignoreHTTPSErrors: true });
  await page.getByText('This recording is not here').waitFor();
  await page.locator('.back').click();
  await page.waitForSelector('.entry');
  await page.goto(`${talking.url}/talking/${thread(2147483648)}`); // no integer of PostgreSQL's: 400
  await page.getByText('This recording is not here').waitFor();
  assert.deepEqual(page.complaints.filter((text) => !/40[04]/.test(text)), [], 'but for those nothing on the console');
  await page.close();
});

test('the relay goes and comes back: the page says so, and catches up by itself', async () => {
  const page = await open(thread(1));
  await page.waitForSelector('.row');
  const front = await talking.browser.open(`${talking.url}/`, { ignoreHTTPSErrors: true });
  talking.pages.push(front);
  const line = front.getByText(/threads and \d+ replies at this moment/);
  await line.waitFor();
  await talking.relay.stop();
  await page.waitForSelector('.state.stale');
  await front.getByText('Reconnecting…').waitFor();
  assert.equal(await page.locator('.state').textContent(), 'reconnecting…');
  assert.ok(await page.locator('.row').count() > 60, 'what was there stays');
  const id = psql("insert into talking.recordings (parent_id, author, title) values (1, 'late', 'Meanwhile') returning id");
  await talking.startRelay();
  await until(() => row(page, id).count(), { limit: 40_000, what: 'what happened meanwhile' });
  assert.equal(await page.locator('.state').textContent(), 'live');
  await line.waitFor();
  for (const each of [page, front]) each.complaints = each.complaints.filter((text) => !/net::ERR_|status of 503/.test(text));
});

// Both themes, both widths; the checker, which takes seconds, once for each theme.
for (const [name, options, check] of [['light', {}, true], ['dark', { colorScheme: 'dark' }], ['phone', PHONE], ['dark-phone', { colorScheme: 'dark', ...PHONE }, true]]) {
  const look = async (page, where) => {
    if (check) assert.deepEqual(await violations(page), [], where);
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true, 'nothing is wider than the window');
  };

  test(`every view can be seen and heard by everybody (${name})`, async () => {
    for (const [hash, picture] of [['#/', 'list'], [thread(82), 'story']]) {
      const page = await open(hash, options);
      await page.waitForSelector('.entry, .row');
      await talking.browser.picture(page, `talking-${picture}-${name}`);
      await page.locator('.speak').first().click();
      await page.getByRole('button', { name: 'Record', exact: true }).waitFor();
      await look(page, hash);
    }
  });

  test(`the front page says what this is, and leads to both (${name})`, async () => {
    const page = await talking.browser.open(`${talking.url}/`, { ignoreHTTPSErrors: true, ...options });
    talking.pages.push(page);
    await page.getByText(/threads and \d+ replies at this moment/).waitFor();
    await look(page, 'front page');
    await talking.browser.picture(page, `index-${name}`);
    assert.equal(await page.getByRole('link', { name: 'Feeds' }).getAttribute('href'), 'feeds/');
    psql("insert into talking.recordings (parent_id, author) values (1, 'x')");
    await page.getByText('It has just changed.').waitFor();
    await page.getByRole('link', { name: 'Talking' }).click();
    await page.waitForSelector('.entry');
  });
}
