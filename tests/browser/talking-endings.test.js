// talking-endings.test.js -- Talking where something ends otherwise than one thinks: a microphone that is
// allowed too late or gives nothing, a second take, an answer that never comes, a browser that stores
// nothing, a finger that wanted to scroll, a window that is too small.

import { test } from 'node:test';
import assert from 'node:assert/strict';
import { PHONE, row, talkingForAll, thread, tone } from '../lib/talking.js';
import { until } from '../lib/until.js';

const talking = talkingForAll();
const psql = (sql) => talking.psql(sql);
const open = (...args) => talking.open(...args);
const button = (page, name) => page.getByRole('button', { name, exact: true });
const forgive = (page, pattern) => { page.complaints = page.complaints.filter((text) => !pattern.test(text)); };

// A thread with a hundred seconds of sound in each of its replies.
function plant(replies = 1) {
  const root = psql("insert into talking.recordings (author, title) values ('Ann', 'A thread') returning id");
  psql(`insert into talking.recordings (parent_id, author, title, duration_ms) select ${root}, 'Tia', 'No. ' || i, 100000 from generate_series(1, ${replies}) i`);
  talking.cluster.psql(['-At'], { input: `insert into talking.audio (recording_id, type, bytes, peaks)
    select id, 'audio/wav', '\\x${tone(100, 4000).buffer.toString('hex')}', repeat('AZaz09-_', 10) from talking.recordings where parent_id = ${root};` });
  return [Number(root), ...psql(`select id from talking.recordings where parent_id = ${root} order by id desc`).split('\n').map(Number)];
}

// The microphone is allowed by `allow()`, and is `stream` then.
const askLong = () => {
  const { mediaDevices } = navigator;
  const get = mediaDevices.getUserMedia.bind(mediaDevices);
  mediaDevices.getUserMedia = async (constraints) => {
    globalThis.stream = undefined;
    await new Promise((resolve) => { globalThis.allow = resolve; });
    globalThis.stream = await get(constraints);
    return globalThis.stream;
  };
};
const isOff = (page) => until(() => page.evaluate(() => globalThis.stream?.getTracks().every(({ readyState }) => readyState === 'ended')), { what: 'the microphone is off' });

// It was: it recorded for two minutes, and nothing on the page could stop it.
test('a microphone that is allowed when it is wanted no longer is turned off again', async () => {
  const page = await open();
  await page.evaluate(askLong);
  for (const name of ['Discard', 'Discard and close']) {
    await page.getByRole('button', { name: 'Start a thread' }).click();
    await button(page, 'Record').click();
    await until(() => page.evaluate(() => globalThis.allow !== undefined));
    await button(page, name).click();
    await page.evaluate(() => { globalThis.allow(); globalThis.allow = undefined; });
    await isOff(page);
    assert.equal(await page.locator('.dock.recording').count(), 0, name);
  }
});

// It was: the one before was heard, and the new one sent.
test('recorded again, the new one is played; given up, the one before is still there', async () => {
  const page = await open();
  await page.evaluate(() => {
    const { set, ...rest } = Object.getOwnPropertyDescriptor(HTMLMediaElement.prototype, 'src');
    globalThis.played = [];
    Object.defineProperty(HTMLMediaElement.prototype, 'src', { ...rest, set(url) { globalThis.played.push(url); set.call(this, url); } });
  });
  const played = () => page.evaluate(() => globalThis.played);
  const record = async (end) => {
    await page.locator('.level path').waitFor();
    await until(async () => {
      const [, minutes, seconds] = /^(\d):(\d\d) left$/.exec(await page.locator('.left').textContent());
      return 60 * Number(minutes) + Number(seconds) <= 118;
    }, { what: 'it counts down' });
    await button(page, end).click();
    await page.locator('.dock .waves').waitFor();
  };
  const listen = () => page.locator('.dock .play').click();
  await page.getByRole('button', { name: 'Start a thread' }).click();
  await button(page, 'Record').click();
  await record('Stop');
  await listen();
  await until(async () => (await played()).length === 1);
  await button(page, 'Record again').click();
  await record('Discard');
  await listen();
  assert.equal((await played()).length, 1, 'the first take is as it was');
  await button(page, 'Record again').click();
  await record('Stop');
  await listen();
  await until(async () => (await played()).length === 2, { what: 'the other take is played' });
  await button(page, 'Discard and close').click();
});

test('a recorder that gives nothing, or cannot begin: it is said, there is nothing to send, the microphone is off', async () => {
  const page = await open();
  await page.evaluate(() => {
    const { mediaDevices } = navigator;
    const get = mediaDevices.getUserMedia.bind(mediaDevices);
    mediaDevices.getUserMedia = async (constraints) => (globalThis.stream = await get(constraints));
    globalThis.MediaRecorder = class extends EventTarget {
      static isTypeSupported() { return true; }
      state = 'inactive';
      start() { if (globalThis.broken) throw new DOMException('', 'NotSupportedError'); this.state = 'recording'; }
      stop() {
        this.state = 'inactive';
        this.dispatchEvent(Object.assign(new Event('dataavailable'), { data: new Blob([]) }));
        this.dispatchEvent(new Event('stop'));
      }
    };
  });
  await page.getByRole('button', { name: 'Start a thread' }).click();
  await button(page, 'Record').click();
  await button(page, 'Stop').click();
  await page.getByText('Nothing was recorded. Try again.').waitFor();
  assert.equal(await page.locator('.dock.idle').count(), 1);
  await isOff(page);
  await page.evaluate(() => { globalThis.broken = true; });
  await button(page, 'Record').click();
  await page.getByText('The microphone does not work.').waitFor();
  await isOff(page);
});

test('waveforms that could not be had are asked for again, though nothing else happens', async () => {
  const [root, reply] = plant();
  const page = await open('#/', { hold: [5000], intercept: true });
  let asked = 0;
  await page.route('**/api/waveforms?*', (route) => { asked += 1; return asked === 1 ? route.abort() : route.continue(); });
  await page.evaluate((hash) => { location.hash = hash; }, thread(root));
  const heights = async () => new Set((await row(page, reply).locator('.wave.done path').getAttribute('d')).match(/v[\d.]+/g)).size;
  await until(async () => { await page.release(); return await heights() > 3; }, { what: 'its peaks' });
  forgive(page, /ERR_FAILED/);
});

// It was: what was clicked did not show, so that it could never be taken back.
test('where nothing can be stored a vote is changed and taken back all the same', async () => {
  const [root, reply] = plant();
  const page = await open();
  await page.addInitScript(() => {
    Object.defineProperty(globalThis, 'localStorage', { get() { throw new DOMException('refused', 'SecurityError'); } });
  });
  await page.reload();
  await page.waitForSelector('.state.live');
  await page.evaluate((hash) => { location.hash = hash; }, thread(root));
  const votes = () => psql(`select ups || '/' || downs from talking.recordings where id = ${reply}`);
  for (const [name, then] of [['up', '1/0'], ['down', '0/1'], ['down', '0/0']]) {
    await row(page, reply).locator(`.vote.${name}`).click();
    await until(() => votes() === then, { what: then });
  }
});

test('a finger that scrolls the page over a waveform plays nothing; one that taps, or moves along it, does', async () => {
  const [root, ...replies] = plant(8);
  const page = await open(thread(root), { ...PHONE, hasTouch: true, isMobile: true });
  await until(async () => await page.locator('.row').count() === 8);
  const devtools = await page.context().newCDPSession(page);
  const touch = (type, ...touchPoints) => devtools.send('Input.dispatchTouchEvent', { type, touchPoints });
  const box = await row(page, replies[0]).locator('.waves').boundingBox();
  const at = { x: box.x + box.width / 2, y: box.y + box.height / 2 };
  const swipe = async (x, y) => {
    await touch('touchStart', at);
    // It stands still at the end, or the page would go on by itself.
    for (let i = 1; i <= 20; i += 1) await touch('touchMove', { x: at.x + x * Math.min(i / 10, 1), y: at.y + y * Math.min(i / 10, 1) });
    await touch('touchEnd');
  };
  await page.evaluate(() => { addEventListener('pointercancel', () => { globalThis.cancelled = true; }, true); });
  await swipe(0, -100);
  await until(() => page.evaluate(() => globalThis.cancelled && scrollY > 0), { what: 'it scrolls' });
  assert.equal(await page.locator('.active').count(), 0, 'nothing plays');
  await until(async () => {
    await page.evaluate(() => scrollTo(0, 0));
    return (await row(page, replies[0]).locator('.waves').boundingBox()).y === box.y;
  }, { what: 'it is where it was' });
  const second = () => row(page, replies[0]).locator('.waves').getAttribute('aria-valuenow').then(Number);
  await touch('touchStart', at);
  await touch('touchEnd');
  await until(async () => await second() >= 50, { what: 'a tap plays, from there' });
  await swipe(-box.width / 4, 0);
  await until(async () => { const s = await second(); return s >= 25 && s < 50; }, { what: 'and it can be gone through' });
});

test('a sound that broke off goes on where it was', async () => {
  const [root, reply] = plant();
  const page = await open();
  await page.addInitScript(() => {
    globalThis.Audio = class extends Audio {
      constructor() {
        super();
        globalThis.sound = this;
      }
    };
  });
  await page.reload();
  await page.evaluate((hash) => { location.hash = hash; }, thread(root));
  const wave = row(page, reply).locator('.waves');
  const second = () => wave.getAttribute('aria-valuenow').then(Number);
  await wave.click({ position: { x: (await wave.boundingBox()).width / 2, y: 10 } });
  await until(async () => await second() >= 50, { what: 'it plays' });
  await page.evaluate(() => { globalThis.sound.pause(); globalThis.sound.dispatchEvent(new Event('error')); });
  await row(page, reply).getByText('It cannot be played').waitFor();
  await row(page, reply).locator('.play').click();
  await until(async () => await row(page, reply).getByText('It cannot be played').count() === 0 && await second() >= 50, { what: 'it goes on' });
});

test('colours of the reader\'s own leave the switch readable', async () => {
  const page = await open('#/', { forcedColors: 'active' });
  await page.getByRole('button', { name: 'Start a thread' }).click();
  const track = page.locator('.switch .track');
  const off = await track.screenshot();
  await page.locator('.switch').click();
  assert.equal(await page.getByRole('switch').isChecked(), true);
  assert.equal(off.equals(await track.screenshot()), false);
  await talking.browser.picture(page, 'talking-forced-colors');
});

test('a window that is lower than the dock shows all of it', async () => {
  const page = await open('#/', { width: 320, height: 200 });
  await page.getByRole('button', { name: 'Start a thread' }).click();
  const close = button(page, 'Close');
  await page.getByLabel('Your name').scrollIntoViewIfNeeded();
  await close.scrollIntoViewIfNeeded();
  assert.ok((await close.boundingBox()).y >= 0, 'also what closes it');
  await close.click();
  await page.locator('.dock').waitFor({ state: 'detached' });
});

test('what is read stays where it is when something comes above it, or goes', async () => {
  const [root, ...replies] = plant(30);
  const page = await open(thread(root), { height: 600 });
  const top = (id) => row(page, id).evaluate((r) => Math.round(r.getBoundingClientRect().top));
  await until(async () => await page.locator('.row').count() === 30);
  await row(page, replies[15]).evaluate((r) => r.scrollIntoView({ block: 'center' }));
  const was = await top(replies[15]);
  assert.equal(await page.evaluate(() => document.activeElement.tagName), 'BODY');
  const above = psql(`insert into talking.recordings (parent_id, author, title) values (${root}, 'x', 'above') returning id`);
  await until(() => row(page, above).count());
  assert.ok(Math.abs(await top(replies[15]) - was) <= 1, 'one came');
  psql(`delete from talking.recordings where id = ${replies[2]}`);
  await until(async () => await row(page, replies[2]).count() === 0);
  assert.ok(Math.abs(await top(replies[15]) - was) <= 1, 'one went');
  psql(`insert into talking.votes select ${replies[14]}, gen_random_uuid(), 1 from generate_series(1, 9)`);
  await until(async () => await page.locator('.row').first().getAttribute('id') === `recording-${replies[14]}`);
  assert.ok(Math.abs(await top(replies[15]) - was) <= 1, 'one that was in view moved to the top');
});

test('back from a thread the list is where it was left, and so is the focus', async () => {
  psql("insert into talking.recordings (author, title) select 'many', 'thread ' || i from generate_series(1, 40) i");
  const page = await open('#/', { height: 600 });
  const link = page.locator('.entry', { hasText: 'thread 35' }).locator('a');
  await link.evaluate((a) => a.scrollIntoView({ block: 'center' }));
  const place = await page.evaluate(() => scrollY);
  assert.ok(place > 300);
  const focused = () => page.evaluate(() => document.activeElement.textContent);
  for (const back of [() => page.goBack(), () => page.locator('.back').click()]) {
    await link.focus();
    await page.keyboard.press('Enter');
    await page.locator('h1', { hasText: 'thread 35' }).waitFor();
    assert.equal(await page.evaluate(() => document.activeElement.tagName), 'MAIN', 'ears and keys begin where the view does');
    assert.equal(await page.evaluate(() => scrollY), 0);
    await back();
    await until(async () => await focused() === 'thread 35', { what: 'the focus' });
    assert.equal(await page.evaluate(() => scrollY), place);
  }
});

test('a change costs what changes, not what is shown', async () => {
  const [root, reply] = plant();
  psql(`insert into talking.recordings (parent_id, author, title) select ${root}, 'x', i::text from generate_series(1, 150) i`);
  const page = await open();
  await page.evaluate(() => { // what is said of the time each minute is not counted
    const every = setInterval;
    globalThis.setInterval = (action, ms) => (ms === 60_000 ? undefined : every(action, ms));
  });
  await page.evaluate((hash) => { location.hash = hash; }, thread(root));
  await until(async () => await page.locator('.row').count() === 151);
  await page.evaluate(() => {
    const count = (of, name) => {
      const original = of[name];
      globalThis[name] = 0;
      of[name] = function counted(...values) { globalThis[name] += 1; return original.apply(this, values); };
    };
    count(Number.prototype, 'toLocaleString');
    count(Storage.prototype, 'getItem');
  });
  const counted = (name) => page.evaluate((n) => globalThis[n], name);
  const id = psql(`insert into talking.recordings (parent_id, author, title) values (${root}, 'x', 'new') returning id`);
  await until(() => row(page, id).locator('.badge').count());
  await row(page, reply).locator('.vote.up').click();
  await until(() => row(page, reply).locator('.vote.up', { hasText: '1 for' }).count());
  assert.ok(await counted('toLocaleString') < 100, `${await counted('toLocaleString')} numbers are written`);
  assert.ok(await counted('getItem') < 20, `${await counted('getItem')} times the votes are read`);
});

// It was: told as sent, and not to be found.
test('a draft whose answer was lost is sent to something else for what it is there: another one', async () => {
  const [root, first, second] = plant(2);
  const page = await open(thread(root), { intercept: true });
  await row(page, first).locator('.reply').click();
  await page.locator('.file input').setInputFiles(tone(1));
  await page.locator('.dock .waves').waitFor();
  await page.getByLabel('Your name').fill('Fay');
  await page.route('**/api/recordings?author=*', async (route) => { await route.fetch(); await route.abort(); }, { times: 1 });
  await button(page, 'Send').click();
  await page.getByText('The server cannot be reached').waitFor();
  await row(page, second).locator('.reply').click();
  await button(page, 'Send').click();
  await page.locator('.dock').waitFor({ state: 'detached' });
  assert.equal(psql("select string_agg(parent_id::text, ' ' order by id) from talking.recordings where author = 'Fay'"), `${first} ${second}`);
  forgive(page, /ERR_FAILED/);
});

test('a link to a reply that is deleted, or was moved to another thread, says so', async () => {
  const [root, reply] = plant();
  const page = await open(`${thread(root)}/${reply}`);
  await until(() => page.evaluate((id) => document.activeElement.id === id, `recording-${reply}`));
  const note = page.getByText('The reply that this link leads to is not in this thread.');
  assert.equal(await note.count(), 0);
  const other = Number(psql("insert into talking.recordings (author, title) values ('Eve', 'Another thread') returning id"));
  psql(`update talking.recordings set parent_id = ${other} where id = ${reply}`);
  await note.waitFor();
  await page.getByRole('link', { name: 'Look for it elsewhere' }).click();
  await page.locator('h1', { hasText: 'No. 1' }).waitFor();
});
