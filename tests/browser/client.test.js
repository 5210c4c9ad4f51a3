// client.test.js -- public/crier.js: its rules on a source that the test plays, then the real thing in
// Chromium and in node.

import { after, afterEach, before, beforeEach, describe, mock, test } from 'node:test';
import assert from 'node:assert/strict';
import { mkdtempSync, copyFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as eventsource from 'eventsource';
import { startBrowser } from '../lib/browser.js';
import { ROOT, startCluster } from '../lib/cluster.js';
import { freePort } from '../lib/process.js';
import { startRelay } from '../lib/relay.js';
import { until } from '../lib/until.js';
import { live } from '../../public/crier.js';

class FakeSource extends EventTarget {
  static CLOSED = 2;
  static all = [];
  readyState = 0;

  constructor(url) {
    super();
    this.url = url;
    FakeSource.all.push(this);
  }

  static get last() { return FakeSource.all.at(-1); }
  close() { this.readyState = 2; }
  open() { this.readyState = 1; this.dispatchEvent(new Event('open')); }
  send(data, id = '', event = 'message') {
    this.dispatchEvent(Object.assign(new Event(event), { data: JSON.stringify(data), lastEventId: id }));
  }
  fail({ forEver }) {
    this.readyState = forEver ? 2 : 0;
    this.dispatchEvent(new Event('error'));
  }
}

const turn = () => new Promise((resolve) => { setImmediate(resolve); });

describe('crier.js on a source that the test plays', () => {
  let page;
  let answer;
  let asked;
  let stops;
  const start = (...args) => { const stop = live(...args); stops.push(stop); return stop; };
  const follow = (path, options) => {
    const seen = { documents: [], states: [], told: [] };
    seen.stop = start(path, (document) => seen.documents.push(document), {
      onState: (state, status) => seen.states.push(status ? `${state} ${status}` : state), ...options,
    });
    return seen;
  };

  beforeEach(() => {
    mock.timers.enable({ apis: ['setTimeout', 'Date'] });
    FakeSource.all = [];
    asked = [];
    stops = [];
    answer = { ok: false, status: 503 };
    page = Object.assign(new EventTarget(), { hidden: false });
    const network = new EventTarget();
    Object.assign(globalThis, {
      EventSource: FakeSource,
      document: page,
      fetch: async (path, { method, cache }) => {
        asked.push(`${method} ${path} ${cache}`);
        if (answer instanceof Error) throw answer;
        return answer;
      },
      addEventListener: network.addEventListener.bind(network),
      dispatchEvent: network.dispatchEvent.bind(network),
    });
  });
  const realFetch = globalThis.fetch;
  afterEach(() => {
    for (const stop of stops) stop();
    mock.timers.reset();
    for (const name of ['EventSource', 'document', 'addEventListener', 'dispatchEvent', 'reportError']) delete globalThis[name];
    globalThis.fetch = realFetch;
  });

  test('nothing is called before live() has returned, nor after stop()', async () => {
    const a = follow('/a');
    assert.deepEqual(a.states, []);
    await turn();
    assert.deepEqual(a.states, ['connecting']);
    FakeSource.last.open();
    assert.deepEqual(a.states, ['connecting'], 'open alone shows nothing');
    FakeSource.last.send({ n: 1 }, 'one');
    assert.deepEqual([a.states, a.documents], [['connecting', 'live'], [{ n: 1 }]]);
    a.stop();
    FakeSource.last.send({ n: 2 }, 'two');
    assert.equal(a.documents.length, 1);
    assert.equal(FakeSource.last.readyState, 2, 'the last who leaves closes it');

    follow('/b').stop();
    const first = follow('/c', { onState: () => second.stop() });
    const second = follow('/c');
    await turn();
    assert.deepEqual([a.states.length, first.documents, second.states], [2, [], []], 'whoever is stopped by another is not told either');
  });

  test('what is stopped stays stopped, whatever was about to happen', async () => {
    const opened = async (how) => {
      const a = follow('/a');
      FakeSource.last.fail({ forEver: true });
      if (how !== 'asking') await turn();
      a.stop();
      const { length } = FakeSource.all;
      await turn();
      mock.timers.tick(60_000);
      if (how === 'online') globalThis.dispatchEvent(new Event('online'));
      return FakeSource.all.length - length;
    };
    for (const how of ['asking', 'waiting', 'online']) assert.equal(await opened(how), 0, how);
    assert.equal(FakeSource.all.every(({ readyState }) => readyState === 2), true);
  });

  test('one path, but another event, as text, or events alone: a stream of its own', () => {
    follow('/a');
    follow('/a', { event: 'data' });
    follow('/a', { text: true });
    start('/a');
    assert.equal(FakeSource.all.length, 4);
  });

  test('an announcement may be called as an event of the source\'s own', async () => {
    const heard = [];
    const complaints = [];
    globalThis.reportError = (error) => complaints.push(error);
    follow('/a', { on: { error: (data) => heard.push(data), open: (data) => heard.push(data) } });
    FakeSource.last.open();
    FakeSource.last.send('said', '', 'open');
    FakeSource.last.fail({ forEver: false });
    FakeSource.last.dispatchEvent(Object.assign(new Event('open'), { data: 'no JSON' }));
    assert.deepEqual([heard, complaints.length], [['said'], 1]);
  });

  test('callers of one path share its stream, and a late one gets the last document at once', async () => {
    const a = follow('/a');
    FakeSource.last.open();
    FakeSource.last.send({ n: 1 }, 'one');
    const b = follow('/a');
    const c = follow('/c');
    assert.deepEqual(FakeSource.all.map(({ url }) => url), ['/a', '/c']);
    await turn();
    assert.deepEqual([b.states, b.documents], [['live'], [{ n: 1 }]]);
    assert.equal(b.documents[0], a.documents[0], 'parsed once');
    assert.deepEqual(c.documents, []);
    a.stop();
    a.stop();
    FakeSource.all[0].send({ n: 2 }, 'two');
    assert.deepEqual(b.documents, [{ n: 1 }, { n: 2 }], 'the stream stays for who is left');
    b.stop();
    assert.equal(FakeSource.all[0].readyState, 2);
    follow('/a');
    assert.equal(FakeSource.all.length, 3, 'and a new one begins afterwards');
  });

  test('announcements go to who asked for them, also when he asked late, also after a reconnection', async () => {
    const heard = [];
    follow('/a');
    FakeSource.last.open();
    FakeSource.last.send({}, 'one');
    follow('/a', { on: { presence: (data) => heard.push(data.who) } });
    FakeSource.last.send({ who: 'Ben' }, 'one', 'presence');
    FakeSource.last.fail({ forEver: true });
    await turn();
    mock.timers.tick(1000);
    FakeSource.last.open();
    FakeSource.last.send({ who: 'Ada' }, 'one', 'presence');
    assert.deepEqual(heard, ['Ben', 'Ada']);
  });

  test('events alone: live as soon as it is open, and as text where that is wanted', async () => {
    const heard = [];
    const states = [];
    start('/events', undefined, { on: { message: (data) => heard.push(data) }, onState: (s) => states.push(s), text: true });
    await turn();
    FakeSource.last.open();
    FakeSource.last.send('not parsed');
    assert.deepEqual([states, heard], [['connecting', 'live'], ['"not parsed"']]);
  });

  test('where EventSource gives up: later and later, at most half a minute, by the id that it has', async (t) => {
    const a = follow('/a?b=c');
    await turn();
    FakeSource.last.open();
    FakeSource.last.send({}, 'one');
    const waits = [];
    let lot;
    t.mock.method(Math, 'random', () => lot);
    for (let i = 0; i < 9; i += 1) {
      lot = i % 2;
      FakeSource.last.fail({ forEver: true });
      await turn();
      const { length } = FakeSource.all;
      let wait = 0;
      for (; FakeSource.all.length === length && wait < 100_000; wait += 50) mock.timers.tick(50);
      waits.push(wait);
    }
    assert.equal(FakeSource.last.url, '/a?b=c&_last_event_id=one');
    for (const [i, wait] of waits.entries()) {
      const most = Math.min(1000 * 2 ** i, 30_000);
      assert.equal(wait, i % 2 === 1 ? most : most / 2, `wait ${i}, by lot within a half`);
    }
    assert.deepEqual(a.states, ['connecting', 'live', 'stale', 'stale 503']);
    lot = 1;
    answer = new Error('no network');
    FakeSource.last.open();
    FakeSource.last.fail({ forEver: true });
    await turn();
    const { length } = FakeSource.all;
    mock.timers.tick(1000);
    assert.equal(FakeSource.all.length, length + 1);
    FakeSource.last.open();
    assert.deepEqual(a.states.slice(4), ['live', 'stale', 'live'], 'open again, it begins with short waits again');
  });

  test('404 and gone are the end, and who is told may ask again', async () => {
    const a = follow('/a');
    answer = { ok: false, status: 404 };
    FakeSource.last.fail({ forEver: true });
    await turn();
    assert.deepEqual(a.states, ['connecting', 'gone 404']);
    let again;
    start('/b', () => {}, { onState: (s) => { if (s === 'gone' && !again) again = follow('/b'); } });
    FakeSource.last.send(null, '', 'gone');
    await turn();
    assert.deepEqual(FakeSource.all.map(({ url, readyState }) => `${url} ${readyState}`), ['/a 2', '/b 2', '/b 0']);
    follow('/b');
    assert.equal(FakeSource.all.length, 3, 'that one is shared like any other');
    assert.deepEqual(asked, ['HEAD /a no-store']);
  });

  test('what speaks of the address is the end, at once; anything else may pass', async () => {
    const after = async (what) => {
      answer = what;
      const a = follow('/a');
      FakeSource.last.fail({ forEver: true });
      await turn();
      const { length } = FakeSource.all;
      mock.timers.tick(60_000);
      a.stop();
      return `${a.states.at(-1)}, ${FakeSource.all.length === length ? 'the end' : 'again'}`;
    };
    for (const status of [400, 404, 405, 406, 410, 414, 421]) {
      assert.equal(await after({ ok: false, status }), `gone ${status}, the end`);
    }
    for (const status of [401, 402, 403, 408, 409, 418, 425, 429, 431, 500, 501, 502, 503, 504]) {
      assert.equal(await after({ ok: false, status }), `connecting ${status}, again`);
    }
    assert.equal(await after({ ok: true, status: 200 }), 'connecting, again');
    assert.equal(await after(new Error('no network')), 'connecting, again');
  });

  test('what EventSource does by itself is left to it', async () => {
    const a = follow('/a');
    FakeSource.last.open();
    FakeSource.last.send({}, 'one');
    FakeSource.last.fail({ forEver: false });
    await turn();
    mock.timers.tick(60_000);
    assert.deepEqual([FakeSource.all.length, asked, a.states.at(-1)], [1, [], 'stale']);
    FakeSource.last.open();
    assert.equal(a.states.at(-1), 'live');
  });

  test('offline is said at once; online, and a page that has slept, reconnect at once', async () => {
    const a = follow('/a');
    FakeSource.last.open();
    FakeSource.last.send({}, 'one');
    globalThis.dispatchEvent(new Event('offline'));
    assert.equal(a.states.at(-1), 'stale');
    globalThis.dispatchEvent(new Event('online'));
    assert.equal(FakeSource.all.length, 2);
    FakeSource.last.open();
    assert.equal(a.states.at(-1), 'live');
    const hide = (hidden) => { page.hidden = hidden; page.dispatchEvent(new Event('visibilitychange')); };
    hide(true);
    mock.timers.tick(5000);
    hide(false);
    assert.equal(FakeSource.all.length, 2, 'a glance elsewhere costs nothing');
    hide(true);
    mock.timers.tick(40_000);
    hide(false);
    assert.equal(FakeSource.all.length, 3);
    assert.equal(FakeSource.all[1].readyState, 2, 'one at a time');
    assert.equal(a.states.at(-1), 'live', 'nothing is said while it may be quick');
    mock.timers.tick(5000);
    assert.equal(a.states.at(-1), 'stale');
    FakeSource.last.open();
    assert.equal(a.states.at(-1), 'live');
    page.dispatchEvent(new Event('resume'));
    assert.equal(FakeSource.all.length, 4, 'thawed');
    globalThis.dispatchEvent(new Event('pageshow'));
    assert.equal(FakeSource.all.length, 4, 'loaded');
    globalThis.dispatchEvent(Object.assign(new Event('pageshow'), { persisted: true }));
    assert.equal(FakeSource.all.length, 5, 'shown again out of the browser\'s memory');
  });

  test('a machine that has slept under a page that is shown tells nobody: the clock does', async (t) => {
    const looks = new Set();
    t.mock.method(globalThis, 'setInterval', (look, ms) => { assert.equal(ms, 10_000); looks.add(look); return look; });
    t.mock.method(globalThis, 'clearInterval', (look) => looks.delete(look));
    const pass = (ms) => { mock.timers.tick(ms); for (const look of looks) look(); };
    const a = follow('/a');
    FakeSource.last.open();
    for (let i = 0; i < 10; i += 1) pass(10_000);
    assert.equal(FakeSource.all.length, 1, 'awake');
    pass(3_600_000);
    assert.equal(FakeSource.all.length, 2);
    page.hidden = true;
    pass(3_600_000);
    assert.equal(FakeSource.all.length, 2, 'hidden, it waits until it is shown');
    a.stop();
    assert.equal(looks.size, 0, 'stopped, it looks no more');
  });

  test('an answer that never comes, to what the trouble is, is waited for no longer than another attempt', async (t) => {
    const waits = [];
    const patience = new AbortController();
    t.mock.method(AbortSignal, 'timeout', (ms) => { waits.push(ms); return patience.signal; });
    globalThis.fetch = (path, { signal }) => new Promise((_, reject) => { signal.addEventListener('abort', () => reject(signal.reason)); });
    const a = follow('/a');
    FakeSource.last.fail({ forEver: true });
    await turn();
    patience.abort();
    await turn();
    mock.timers.tick(1000);
    assert.deepEqual([waits, FakeSource.all.length, a.states], [[30_000], 2, ['connecting']]);
  });

  test('one caller\'s exception, and what is no JSON, harm nobody', async () => {
    const complaints = [];
    globalThis.reportError = (error) => complaints.push(error.message);
    start('/a', () => { throw new Error('mine'); });
    const b = follow('/a');
    FakeSource.last.open();
    FakeSource.last.send({ n: 1 }, 'one');
    FakeSource.last.dispatchEvent(Object.assign(new Event('message'), { data: '{', lastEventId: 'two' }));
    FakeSource.last.send({ n: 2 }, 'three');
    assert.deepEqual(b.documents, [{ n: 1 }, { n: 2 }]);
    assert.equal(complaints.length, 3);
  });
});

describe('crier.js on a relay', () => {
  const site = mkdtempSync(join(tmpdir(), 'pgcrier-client-'));
  let cluster;
  let relay;
  let port;
  let browser;
  const run = () => startRelay({
    database: cluster.url({ user: 'relay' }), listen: [`127.0.0.1:${port}`], args: ['--public', site],
  });

  before(async () => {
    copyFileSync(join(ROOT, 'public', 'crier.js'), join(site, 'crier.js'));
    writeFileSync(join(site, 'index.html'), `<!doctype html><title>client</title><link rel="icon" href="data:,">
      <script type="module" src="page.js"></script>`);
    writeFileSync(join(site, 'page.js'), `import { live } from './crier.js';
      window.seen = { documents: [], states: [] };
      window.stop = live('/api/n', (d) => seen.documents.push(d.n), { onState: (s) => seen.states.push(s) });`);
    cluster = await startCluster();
    cluster.psql(['-c', `create table n (n integer); insert into n values (1);
      create function n() returns json language sql stable security definer set search_path = public, pg_temp
        as $$ select json_build_object('n', n.n) from n $$;
      select crier.live('/api/n', 'n()'); select crier.watch('n', '/api/n'); select crier.grant_relay('relay')`]);
    port = await freePort();
    relay = await run(); // one by one: what has started is stopped when the next does not
    browser = await startBrowser();
  });
  after(async () => {
    try { await browser?.stop(); await relay?.stop(); } finally { await cluster?.stop(); }
    rmSync(site, { recursive: true, force: true });
  });
  const set = (n) => cluster.sql(`update n set n = ${n}`);

  test('in Chromium: over restarts, over answers that are fatal to EventSource, to the end', async () => {
    const page = await browser.open(relay.url);
    const seen = () => page.evaluate(() => window.seen);
    const shows = (n) => until(async () => (await seen()).documents.at(-1) === n, { limit: 40_000, what: `it shows ${n}` });
    await shows(1);
    await set(2);
    await shows(2);
    await relay.stop();
    await until(async () => (await seen()).states.at(-1) === 'stale');
    await set(3);
    relay = await run();
    await shows(3);
    await cluster.restart('immediate');
    await set(4);
    await shows(4);

    await page.route('**/api/n*', (route) => route.fulfill({ status: 502, body: 'a proxy says no' }));
    await relay.stop();
    relay = await run();
    await until(() => page.complaints.some((text) => /502/.test(text)), { limit: 20_000, what: 'EventSource met the 502' });
    await set(5);
    await page.unroute('**/api/n*');
    await shows(5);
    assert.equal((await seen()).states.at(-1), 'live');

    await page.context().setOffline(true);
    await until(async () => (await seen()).states.at(-1) === 'stale', { what: 'offline is stale' });
    await set(6);
    await page.context().setOffline(false);
    await shows(6);

    await cluster.sql('delete from n');
    await until(async () => (await seen()).states.at(-1) === 'gone', { what: 'gone' });
    await page.reload();
    await until(async () => (await seen()).states.join() === 'connecting,gone', { what: '404 is gone, too' });
    await cluster.sql('insert into n values (1)');
    await page.close();
  });

  test('in node, with any EventSource', async () => {
    globalThis.EventSource = eventsource.EventSource;
    const documents = [];
    const states = [];
    const stop = live(`${relay.url}/api/n`, ({ n }) => documents.push(n), { onState: (s) => states.push(s) });
    try {
      await until(() => documents.at(-1) === 1);
      await set(7);
      await until(() => documents.at(-1) === 7);
      await cluster.sql('delete from n');
      await until(() => states.at(-1) === 'gone');
      assert.deepEqual(states, ['connecting', 'live', 'gone']);
    } finally {
      stop();
    }
  });
});
