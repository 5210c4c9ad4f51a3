// talking-voice.test.js -- recording, sending, playing, voting, and who is recording just now, with two
// browsers side by side. Chromium's microphone beeps once a second.

import { test } from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { violations } from '../lib/axe.js';
import { ROOT } from '../lib/cluster.js';
import { startRelay } from '../lib/relay.js';
import { openStream } from '../lib/sse.js';
import { PHONE, row, talkingForAll, thread, tone } from '../lib/talking.js';
import { until } from '../lib/until.js';

const talking = talkingForAll();
const psql = (sql) => talking.psql(sql);
const open = (...args) => talking.open(...args);
const both = (pair, check, what) => Promise.all(pair.map((page) => until(() => check(page), { what })));
const forgive = (page, pattern) => { page.complaints = page.complaints.filter((text) => !pattern.test(text)); };
const newest = () => Number(psql('select max(id) from talking.recordings'));
// How many different bars its waveform has: one for a sound whose peaks are not known.
const heights = async (page, id) => new Set((await row(page, id).locator('.wave.done path').getAttribute('d')).match(/v[\d.]+/g)).size;

// A thread: the opening, a reply, a reply to that.
function plant(author = 'Ann') {
  const root = psql(`insert into talking.recordings (author, title) values ('${author}', 'A thread') returning id`);
  const reply = psql(`insert into talking.recordings (parent_id, author, title) values (${root}, 'Bob', 'A reply') returning id`);
  const deep = psql(`insert into talking.recordings (parent_id, author, title) values (${reply}, 'Cat', 'Deeper') returning id`);
  return [root, reply, deep].map(Number);
}

test('the samples have voices: true durations, peaks, and the browser plays them', async () => {
  const [count, silent] = psql('select (select count(*) from talking.audio), (select count(*) from talking.recordings)').split('|').map(Number);
  execFileSync(join(ROOT, 'scripts', 'sample-sounds'), [talking.cluster.url(), '8'], { stdio: 'pipe' });
  const sounds = psql("select recording_id, duration_ms, octet_length(bytes), peaks from talking.audio join talking.recordings on id = recording_id where type = 'audio/ogg;codecs=opus' order by duration_ms desc").split('\n');
  assert.equal(sounds.length, 8);
  for (const sound of sounds) {
    const [, ms, octets, peaks] = sound.split('|');
    assert.ok(ms > 500 && ms < 30_000 && octets > 1000 && octets < 100_000, sound);
    assert.match(peaks, /^[A-Za-z0-9_-]{120}$/);
    assert.ok(peaks.includes('_'), 'the loudest moment is the top');
  }
  assert.equal(Number(psql('select count(*) from talking.audio')), count + 8);
  assert.equal(Number(psql('select count(*) from talking.recordings')), silent);
  const page = await open();
  const id = sounds[0].split('|')[0];
  await hears(row(page, id));
  await until(async () => await heights(page, id) > 5, { what: 'its peaks are drawn' });
});

// It was: asked for a hundred parameters at once, which the relay refuses, again and again.
test('a thread of more sounds than a query has parameters shows the waveforms of all, asked for at once', async () => {
  const [root] = plant();
  psql(`insert into talking.recordings (parent_id, author, title, duration_ms) select ${root}, 'Dan', 'No. ' || i, 1000 from generate_series(1, 118) i`);
  psql(`insert into talking.audio (recording_id, type, bytes, peaks)
    select id, 'audio/ogg', 'x', 'AABBCCDDEEFFGGHH' from talking.recordings where root_id = ${root}`);
  const page = await open('#/', { viewport: { width: 800, height: 20_000 } });
  const asked = [];
  page.on('request', (request) => { if (/waveforms/.test(request.url())) asked.push(request.url()); });
  await page.evaluate((hash) => { location.hash = hash; }, thread(root));
  const flat = () => page.locator('.wave.done path').evaluateAll((paths) => paths.filter((path) => new Set(path.getAttribute('d').match(/v[\d.]+/g)).size < 3).length);
  await until(async () => await page.locator('.wave.done path').count() === 121, { what: 'all are there' });
  await until(async () => await flat() === 0, { what: 'each has its own peaks' });
  assert.ok(asked.some((url) => JSON.parse(new URL(url).searchParams.get('ids')).length > 64), asked.join('\n'));
  psql(`delete from talking.recordings where id = ${root}`);
});

// Plays what is there, from the beginning to a second at least. Where it has come to its end before it was
// looked at, it is played again.
async function hears(sound) {
  const play = sound.locator('.play');
  await until(async () => {
    if (Number(await sound.locator('.waves').getAttribute('aria-valuenow')) >= 1) return true;
    if (/^Play /.test(await play.getAttribute('aria-label'))) await play.click();
    return false;
  }, { every: 100, what: 'it sounds' });
}

function plantTone(parent, seconds) {
  const bytes = tone(seconds, seconds > 10 ? 4000 : 8000).buffer.toString('hex');
  const id = psql(`insert into talking.recordings (parent_id, author, title, duration_ms) values (${parent}, 'Tia', 'A tone', ${seconds * 1000}) returning id`);
  talking.cluster.psql(['-At'], { input: `insert into talking.audio values (${id}, 'audio/wav', '\\x${bytes}', repeat('AZaz09-_', 10));` });
  return Number(id);
}

test('under a prefix it is the same', async () => {
  const [root] = plant();
  const id = plantTone(root, 2);
  const other = await startRelay({ database: talking.cluster.url({ user: 'relay' }), args: ['--public', join(ROOT, 'public'), '--prefix', '/live'] });
  try {
    const page = await talking.browser.open(`${other.url}/live/`);
    talking.pages.push(page);
    await page.getByText(/threads and \d+ replies at this moment/).waitFor();
    await page.getByRole('link', { name: 'Talking' }).click();
    await page.waitForSelector('.entry');
    await page.goto(`${other.url}/live/talking/${thread(root)}`);
    await until(async () => await row(page, id).count() === 1 && await heights(page, id) > 3, { what: 'the reply, and its peaks' });
    await hears(row(page, id));
    await row(page, id).locator('.vote.up').click();
    await until(() => psql(`select ups from talking.recordings where id = ${id}`) === '1', { what: 'a vote' });
    await page.locator('.speak').click();
    await page.locator('.file input').setInputFiles(tone(1));
    await page.locator('.dock .waves').waitFor();
    await send(page, 'Eve', 'From below');
    await page.locator('.row', { hasText: 'From below' }).waitFor();
  } finally {
    await talking.closePages().then((complaints) => assert.deepEqual(complaints, []));
    await other.stop();
  }
});

// Of the two minutes that a recording may take.
async function secondsLeft(page) {
  const [, minutes, seconds] = /^(\d):(\d\d) left$/.exec(await page.locator('.left').textContent());
  return 60 * Number(minutes) + Number(seconds);
}
const countsDown = (page) => until(async () => await secondsLeft(page) <= 118, { what: 'it counts down' });

// For two seconds, at least.
async function record(page) {
  await page.getByRole('button', { name: 'Record', exact: true }).click();
  await countsDown(page);
}

// An announcement is forgotten after 8 s: it is made until it has been seen.
const announces = (make, seen, what) => until(() => { make(); return seen(); }, { every: 500, what });

async function send(page, name, title) {
  await page.getByLabel('Your name').fill(name);
  if (title) await page.getByLabel('In a few words').or(page.getByLabel('What is it about?')).fill(title);
  await page.getByRole('button', { name: 'Send', exact: true }).click();
}

test('a recorded reply at depth 3: the other sees who records, where, and then hears it', async () => {
  const [root, , deep] = plant();
  const [ben, ann] = [await open(thread(root)), await open(thread(root), { colorScheme: 'dark', ...PHONE, intercept: true })];
  await row(ben, deep).getByRole('button', { name: 'Reply to Cat', exact: true }).click();
  await ben.getByLabel('Your name').fill('Ben');
  await ben.getByRole('button', { name: 'Record', exact: true }).click();
  await until(() => row(ann, deep).getByText('Ben is recording a reply…').count(), { what: 'the other sees it at the very node' });
  const zoe = (state) => psql(`select crier.announce('thread/${root}', 'presence', json_build_object('id', ${root}, 'who', 'Zoe', 'state', '${state}'))`);
  await announces(() => zoe('recording'), () => ben.getByText('Zoe is recording a reply…').count(), 'an event after that one');
  assert.equal(await row(ben, deep).locator('.who').count(), 0, 'who records need not be told');
  zoe('idle');
  await countsDown(ben);
  await until(async () => (await ben.locator('.level path').getAttribute('d')).split('M').some((bar) => Number(bar.split('v')[1]) > 10), { what: 'the meter moves' });
  await talking.browser.picture(ben, 'talking-recording');
  await talking.browser.picture(ann, 'talking-presence');
  await ben.getByRole('button', { name: 'Stop', exact: true }).click();
  await until(async () => await ann.locator('.who').count() === 0, { what: 'gone when he stops' });

  await ben.locator('.dock .waves').waitFor();
  await hears(ben.locator('.dock'));
  await talking.browser.picture(ben, 'talking-draft');
  await ann.route('**/api/waveforms?*', (route) => route.abort(), { times: 1 });
  await ann.clock.install();
  await send(ben, 'Ben', 'Beep');
  await until(async () => await ben.locator('.dock').count() === 0, { what: 'it is sent' });
  const id = newest();
  await both([ben, ann], (page) => row(page, id).getByRole('button', { name: 'Play Ben: Beep' }).count(), 'both have it');
  assert.match(await row(ann, id).locator('.hidden').first().textContent(), /replies to Cat, level 3/);
  const [type, peaks, ms] = psql(`select type, peaks, duration_ms from talking.audio join talking.recordings on id = recording_id where id = ${id}`).split('|');
  assert.match(type, /^audio\/webm/);
  assert.match(peaks, /^[A-Za-z0-9_-]{120}$/);
  assert.ok(new Set(peaks).size > 3, 'the peaks are of something');
  assert.ok(Number(ms) > 500);
  await hears(row(ann, id));
  await ann.clock.fastForward(5000);
  await until(async () => await heights(ann, id) > 3, { what: 'its peaks are asked for again' });
  forgive(ann, /ERR_FAILED/);
});

test('two minutes, and it stops by itself; what is not sent is not left without a question', async () => {
  const page = await open();
  const asks = () => page.evaluate(() => !dispatchEvent(new Event('beforeunload', { cancelable: true })));
  await page.clock.install();
  await page.getByRole('button', { name: 'Start a thread' }).click();
  assert.equal(await asks(), false);
  await record(page);
  await until(asks, { what: 'it asks while it records' });
  await page.clock.pauseAt(await page.evaluate(() => Date.now()) + 1000 * (await secondsLeft(page) - 10));
  await page.locator('.left.soon').waitFor();
  assert.equal(await page.locator('.dock.recording').count(), 1);
  await page.clock.resume();
  await page.clock.fastForward(14_000);
  await page.locator('.dock .waves').waitFor();
  await until(asks, { what: 'it asks while it is not sent' });
  await page.getByRole('button', { name: 'Discard', exact: true }).click();
  await page.locator('.dock.idle').waitFor();
  await until(async () => !await asks(), { what: 'it asks no more' });
});

test('a recording can be gone through: by click, by key, one at a time, whatever moves meanwhile', async () => {
  const [root] = plant();
  const [a, b] = [plantTone(root, 100), plantTone(root, 100)]; // longer than all of this takes
  const page = await open(thread(root));
  const at = (id) => row(page, id).locator('.waves').getAttribute('aria-valuenow').then(Number);
  const wave = row(page, a).locator('.waves');
  await until(async () => await heights(page, a) > 5, { what: 'its own peaks are drawn' });
  await wave.click({ position: { x: (await wave.boundingBox()).width / 2, y: 10 } });
  const first = await until(() => at(a), { what: 'it plays' });
  assert.ok(first >= 50, `a click begins there, not at ${first}`);
  const asked = page.waitForRequest(`**/api/recordings/${b}/audio`);
  await row(page, b).locator('.play').click();
  await asked;
  await until(async () => await at(b) >= 1, { what: 'the other plays' });
  assert.equal(await row(page, a).getByRole('button', { name: 'Play Tia: A tone' }).count(), 1, 'and the first does not');
  await row(page, b).locator('.waves').focus();
  await page.keyboard.press(' ');
  await until(() => row(page, b).getByRole('button', { name: 'Play Tia: A tone' }).count(), { what: 'space pauses' });
  for (const [key, where] of [['End', 99], ['PageDown', 79], ['ArrowRight', 84], ['Home', 0]]) {
    await page.keyboard.press(key);
    await until(async () => await at(b) === where, { what: `${key} is ${where}` });
  }
  await page.keyboard.press(' ');
  await until(async () => await at(b) >= 1, { what: 'space goes on' });

  const top = () => row(page, b).evaluate((r) => Math.round(r.getBoundingClientRect().top));
  const before_ = await top();
  psql(`insert into talking.recordings (parent_id, author, title) select ${root}, 'x', 'above' from generate_series(1, 5)`);
  psql(`insert into talking.votes select r.id, md5(i::text)::uuid, 1 from talking.recordings r, generate_series(1, 30) i where r.parent_id = ${root} and r.title = 'above'`);
  await until(async () => await page.locator('.row', { hasText: 'above' }).first().locator('.vote.up').textContent().then((t) => /30/.test(t)), { what: 'five came before it' });
  assert.ok(await row(page, b).evaluate((r) => [...r.parentNode.children].indexOf(r)) >= 5);
  assert.ok(Math.abs(await top() - before_) <= 2, `what plays stays where it is: ${before_}, ${await top()}`);
  const was = await at(b);
  await until(async () => await at(b) > was, { what: 'and goes on' });
  assert.equal(await page.evaluate(() => document.activeElement.getAttribute('role')), 'slider', 'the focus stays');
});

test('a new thread from a file, and its way through failures: nothing is lost', async () => {
  const pair = [await open('#/', { ...PHONE, intercept: true }), await open()];
  const [phone] = pair;
  await phone.getByRole('button', { name: 'Start a thread' }).click();
  const choose = (file) => phone.locator('.file input').setInputFiles(file);
  await choose({ name: 'notes.txt', mimeType: 'text/plain', buffer: Buffer.from('hello') });
  await phone.getByText('notes.txt is no audio file.').waitFor();
  await choose({ name: 'long.wav', mimeType: 'audio/wav', buffer: Buffer.alloc(16 * 1024 * 1024 + 1) });
  await phone.getByText('long.wav has more than 16 MiB.').waitFor();
  assert.deepEqual(await phone.evaluate(async () => {
    const { typeOf } = await import('./api.js');
    return [typeOf({ type: '', name: 'a.b.OPUS' }), typeOf({ type: 'video/webm', name: 'a.mp3' }), typeOf({ type: '', name: 'a' }), typeOf({ type: 'audio/x', name: 'a.wav' })];
  }), ['audio/ogg', 'audio/webm', 'application/octet-stream', 'audio/x']);
  await choose({ name: 'empty.wav', mimeType: 'audio/wav', buffer: Buffer.alloc(0) });
  await phone.getByText('empty.wav is empty.').waitFor();
  await choose(tone(3));
  await phone.locator('.dock .waves').waitFor();
  await phone.getByRole('button', { name: 'Send', exact: true }).click();
  await phone.getByText('Say who you are first.').waitFor();
  assert.equal(await phone.evaluate(() => document.activeElement.getAttribute('autocomplete')), 'nickname');

  await phone.route('**/api/recordings?author=*', (route) => route.abort());
  await send(phone, 'Fay', 'From a file');
  await phone.getByText('Nothing is lost: send it again.').waitFor();
  await talking.browser.picture(phone, 'talking-failed-phone');
  await phone.unroute('**/api/recordings?author=*');
  await phone.route('**/api/recordings?author=*', (route) => route.fulfill({
    status: 503, contentType: 'application/problem+json', body: '{"title":"The database is away"}',
  }));
  await phone.getByRole('button', { name: 'Send', exact: true }).click();
  await phone.getByText('The database is away. Nothing is lost: send it again.').waitFor();
  await phone.unroute('**/api/recordings?author=*');
  await phone.route('**/api/recordings?author=*', async (route) => { await route.fetch(); await route.abort(); });
  await phone.getByRole('button', { name: 'Send', exact: true }).click();
  await until(() => psql("select count(*) from talking.recordings where author = 'Fay'") === '1', { what: 'it arrives, but the answer does not' });
  await phone.getByText('The server cannot be reached').waitFor();
  await phone.unroute('**/api/recordings?author=*');
  await phone.getByRole('button', { name: 'Send', exact: true }).click();
  await phone.waitForURL(/#\/recordings\/\d+$/);
  const id = newest();
  await until(async () => await phone.locator('h1').textContent() === 'From a file', { what: 'its thread' });
  assert.equal(psql("select count(*) from talking.recordings where author = 'Fay'"), '1', 'once, though it was sent twice');
  await until(() => pair[1].locator(`#recording-${id}`).getByRole('button', { name: 'Play Fay: From a file' }).count(), { what: 'the other list has it' });
  assert.equal(psql(`select duration_ms from talking.recordings where id = ${id}`), '3000');
  const peaks = psql(`select peaks from talking.audio where recording_id = ${id}`);
  assert.ok(/^[A-H].*[3-9_-]$/.test(peaks), `a tone that grows: ${peaks}`);
  forgive(phone, /ERR_FAILED|503/);
});

test('the keyboard alone: record, stop, send, and back; the focus is never lost', async () => {
  const [root, reply] = plant();
  const page = await open(thread(root), { intercept: true });
  const focused = (name) => until(() => page.evaluate((n) => document.activeElement.className === n, name), { what: `the focus is on ${name}` });
  await page.evaluate(() => localStorage.setItem('talking.name', 'Kim'));
  await row(page, reply).locator('.reply').focus();
  await page.keyboard.press('Enter');
  await focused('record');
  await page.keyboard.press('Enter');
  await focused('stop');
  await countsDown(page);
  await page.keyboard.press('Enter');
  await focused('send');
  await page.route('**/api/recordings?author=*', (route) => route.abort());
  await page.keyboard.press('Enter');
  await page.getByText('Nothing is lost: send it again.').waitFor();
  await focused('send');
  await page.unroute('**/api/recordings?author=*');
  await page.keyboard.press('Enter');
  await focused('plain reply');
  await until(() => page.locator('.row', { hasText: 'Kim' }).count(), { what: 'the reply is there' });
  forgive(page, /ERR_FAILED/);
});

test('that somebody has stopped arrives after that he has begun', async () => {
  const [root] = plant();
  const page = await open(thread(root), { intercept: true });
  const states = [];
  let arrive;
  const slow = new Promise((resolve) => { arrive = resolve; });
  await page.route('**/presence', async (route) => {
    const { state } = route.request().postDataJSON();
    states.push(state);
    if (state === 'recording') await slow;
    await route.continue();
  });
  await page.getByRole('button', { name: 'Reply to Ann' }).click();
  await page.getByRole('button', { name: 'Record', exact: true }).click();
  await until(() => states.length > 0, { what: 'it is said, and on its way' });
  await page.getByRole('button', { name: 'Discard', exact: true }).click();
  await page.evaluate(() => fetch('/api/recordings'));
  assert.equal(states.includes('idle'), false);
  arrive();
  await until(() => states.at(-1) === 'idle');
});

test('presence ends with the tab, and with the network', async () => {
  const [root, reply] = plant();
  const ann = await open(thread(root));
  const events = await openStream(`${talking.relay.url}/api/recordings/${root}`);
  const heard = (state) => events.events.filter(({ type, data }) => type === 'presence' && JSON.parse(data).state === state).length;
  let [said, when] = [0, 0]; // how often that Zed records, and when last
  events.response.on('data', () => { if (heard('recording') > said) [said, when] = [heard('recording'), Date.now()]; });
  const shown = () => row(ann, reply).getByText('Zed is recording a reply…').count();
  for (const how of ['tab', 'network']) {
    const zed = await open(thread(root));
    await row(zed, reply).getByRole('button', { name: 'Reply to Bob', exact: true }).click();
    await zed.getByLabel('Your name').fill('Zed');
    await zed.getByRole('button', { name: 'Record', exact: true }).click();
    await until(shown, { what: `Zed is there (${how})` });
    if (how === 'tab') {
      await zed.close({ runBeforeUnload: false });
      await until(async () => !await shown(), { what: 'gone with the tab' });
      await until(() => heard('idle') === 1, { what: 'the tab said so' });
    } else {
      await zed.context().setOffline(true);
      await until(async () => !await shown(), { what: 'gone with the network' });
      assert.ok(Date.now() - when > 4000, 'not before he could have said so again');
      assert.equal(heard('idle'), 1, 'nobody said so');
      await zed.context().setOffline(false);
      await until(shown, { what: 'and there again with it' });
      forgive(zed, /ERR_INTERNET_DISCONNECTED|ERR_NETWORK|EventSource/);
      await zed.getByRole('button', { name: 'Discard', exact: true }).click();
      await until(async () => !await shown(), { what: 'gone when discarded' });
    }
  }
  await row(ann, reply).locator('.fold').click();
  await announces(() => psql(`select crier.announce('thread/${root}', 'presence', json_build_object('id', ${newest()}, 'who', 'Deep', 'state', 'recording'))`),
    () => row(ann, reply).getByText('Deep is recording a reply…').count(), 'what is folded away shows above');
  events.close();
});

test('votes: of every voter one, changed, taken back, and everybody sees the order change', async () => {
  const [root, reply] = plant();
  const other = Number(psql(`insert into talking.recordings (parent_id, author, title) values (${root}, 'Dan', 'Another') returning id`));
  const pair = [await open(thread(root)), await open(thread(root), { intercept: true })];
  const order = (page) => page.locator('.row').evaluateAll((rows) => rows.map((r) => Number(r.id.slice(10))));
  const up = (page, id) => row(page, id).locator('.vote.up');
  const down = (page, id) => row(page, id).locator('.vote.down');
  assert.equal((await order(pair[0]))[0], other, 'the newest first, without votes');
  await up(pair[0], reply).click();
  await both(pair, async (page) => (await order(page))[0] === reply, 'the better one comes first');
  assert.equal(await up(pair[0], reply).getAttribute('aria-pressed'), 'true');
  assert.equal(await up(pair[1], reply).getAttribute('aria-pressed'), 'false', 'that is one\'s own business');
  await up(pair[1], reply).click();
  await both(pair, async (page) => /: 2 for/.test(await up(page, reply).textContent()), 'two voters');
  await down(pair[1], reply).click();
  await both(pair, async (page) => /: 1 for/.test(await up(page, reply).textContent()) && /: 1 against/.test(await down(page, reply).textContent()), 'changed');
  // One, and another before the first has arrived: they arrive one after the other.
  const sent = [];
  let first;
  await pair[1].route('**/votes', async (route) => {
    sent.push(route.request().postDataJSON().direction);
    if (sent.length === 1) await new Promise((resolve) => { first = resolve; });
    await route.continue();
  });
  await up(pair[1], reply).click();
  await up(pair[1], reply).click();
  await down(pair[1], reply).click();
  await until(() => first);
  await pair[1].evaluate(() => fetch('/api/recordings'));
  assert.deepEqual(sent, [1]);
  first();
  await until(() => sent.length === 3);
  assert.deepEqual(sent, [1, 0, -1]);
  await both(pair, async (page) => /: 1 for/.test(await up(page, reply).textContent()) && /: 1 against/.test(await down(page, reply).textContent()), 'the last one counts');
  await pair[1].unroute('**/votes');
  await down(pair[1], reply).click();
  await both(pair, async (page) => /: 0 against/.test(await down(page, reply).textContent()), 'taken back');
  await pair[0].reload();
  await until(async () => await up(pair[0], reply).getAttribute('aria-pressed') === 'true', { what: 'one\'s own vote is remembered' });
  psql(`delete from talking.recordings where id = ${reply}`);
  await both(pair, async (page) => await row(page, reply).count() === 0, 'it is gone');
});

test('what people write is text, wherever it stands', async () => {
  const evil = '<img src=x onerror="globalThis.evil=1"><script>globalThis.evil=1</script>\' "&lt;';
  const root = psql(`insert into talking.recordings (author, title) values ('${evil.replace(/'/g, "''")}', '${evil.replace(/'/g, "''")}') returning id`);
  plantTone(root, 2);
  const page = await open('#/');
  await until(() => page.locator('h2', { hasText: evil }).count());
  await page.goto(`${talking.url}/talking/${thread(root)}`);
  await until(async () => await page.locator('h1').textContent() === evil);
  await page.getByRole('button', { name: 'Reply to' }).first().click();
  assert.equal(await page.locator('.dock h2').textContent().then((text) => text.includes(evil)), true);
  await page.locator('.file input').setInputFiles({ ...tone(1), name: evil });
  await page.locator('.dock .waves').waitFor();
  await send(page, evil.slice(0, 80), evil);
  await until(() => page.locator('.row', { hasText: evil }).count(), { what: 'the reply' });
  await announces(() => psql(`select crier.announce('thread/${root}', 'presence', json_build_object('id', ${root}, 'who', $e$${evil}$e$, 'state', 'recording'))`),
    () => page.locator('.who', { hasText: evil }).count(), 'the presence');
  assert.equal(await page.evaluate(() => globalThis.evil), undefined);
  assert.equal(await page.locator('main img, .dock img').count(), 0);
});

test('PostgreSQL and the relay go and come back under a draft and a sound: both are still there', async () => {
  const [root, reply] = plant();
  const sound = plantTone(root, 100); // longer than the restart takes
  const page = await open(thread(root));
  await row(page, reply).getByRole('button', { name: 'Reply to Bob', exact: true }).click();
  await record(page);
  await page.getByRole('button', { name: 'Stop', exact: true }).click();
  await page.locator('.dock .waves').waitFor();
  await row(page, sound).locator('.play').click();
  await until(async () => Number(await row(page, sound).locator('.waves').getAttribute('aria-valuenow')) >= 1);
  await talking.cluster.restart('immediate');
  await talking.relay.stop();
  await page.waitForSelector('.state.stale');
  await talking.startRelay();
  const late = psql(`insert into talking.recordings (parent_id, author, title) values (${reply}, 'late', 'Meanwhile') returning id`);
  await until(() => row(page, late).count(), { limit: 40_000, what: 'it catches up' });
  await until(async () => Number(await row(page, sound).locator('.waves').getAttribute('aria-valuenow')) >= 2, { what: 'it plays on' });
  await send(page, 'Ben');
  await until(async () => await page.locator('.dock').count() === 0, { what: 'the draft is sent' });
  forgive(page, /net::ERR_|status of 503/);
});

test('the music switch is what the microphone is opened with; a refused microphone is explained', async () => {
  const page = await open();
  await page.evaluate(() => {
    const { mediaDevices } = navigator;
    const get = mediaDevices.getUserMedia.bind(mediaDevices);
    mediaDevices.getUserMedia = (constraints) => { globalThis.asked = constraints; return globalThis.refuse ? Promise.reject(new DOMException('', 'NotAllowedError')) : get(constraints).then((stream) => (globalThis.stream = stream)); };
  });
  await page.getByRole('button', { name: 'Start a thread' }).click();
  await page.getByRole('switch', { name: 'Music' }).focus();
  await page.keyboard.press(' ');
  await record(page);
  assert.deepEqual(await page.evaluate(() => globalThis.asked.audio), { echoCancellation: false, noiseSuppression: false, autoGainControl: false });
  assert.deepEqual(await violations(page), []);
  await page.getByRole('button', { name: 'Discard', exact: true }).click();
  await until(() => page.evaluate(() => globalThis.stream.getTracks().every(({ readyState }) => readyState === 'ended')), { what: 'the microphone is off' });
  await page.evaluate(() => fetch('/api/recordings'));
  assert.equal(await page.locator('.dock.idle').count(), 1, 'and there is nothing to send');
  await page.getByRole('switch', { name: 'Music' }).focus();
  await page.keyboard.press(' ');
  await page.evaluate(() => { globalThis.refuse = true; });
  await page.getByRole('button', { name: 'Record', exact: true }).click();
  await page.getByText('The browser may not use the microphone.').waitFor();
  assert.equal(await page.evaluate(() => globalThis.asked.audio.noiseSuppression), true);
  await page.getByRole('button', { name: 'Close', exact: true }).click();
  assert.equal(await page.evaluate(() => document.activeElement.className), 'speak', 'the focus is back where it came from');
});
