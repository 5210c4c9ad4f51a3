// crier.js -- follow a live document.
//
//   import { live } from '/crier.js';
//   const stop = live('/api/posts/17', (document) => …, {
//     event: 'data',                             the route's event; message if it names none
//     on: { presence: (data) => … },             announcements on the document's topic
//     onState: (state, status) => …,             connecting | live | stale | gone
//   });
//
// onDocument gets the current document and every later one; documents may be skipped, the newest
// always arrives. Announcements happen once: those of a time without connection are not made up for.
// Without onDocument it follows events alone, as of a raw channel; with `text: true` what comes is
// not parsed as JSON.
//
// connecting  nothing has come yet
// live        what is shown is what the database holds
// stale       what is shown may be old; it reconnects by itself, for ever
// gone        there is no such document, or no longer, or the address is wrong (status says how): the
//             end, the stream is closed
//
// Callers of one path share one stream, and the document: do not change it. A late caller gets the
// last document at once. Nothing is called before live() has returned, or after stop().
//
// A browser's EventSource reconnects by itself after most failures, but gives up for ever on any
// status but 200. If that one speaks of the address, it is the end; else this opens another one,
// later and later, at most half a minute apart, each time at random within a half, so that a crowd
// does not come back at once. What a page or its machine has slept through, or a network's change has
// cut, no browser notices soon: then this reconnects at once. To reconnect costs little: it names the
// document it has, and an unchanged one is not sent again.

const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 30_000;
const SLEPT_MS = 30_000; // hidden for longer, a page asks anew when it is shown
const LOOK_MS = 10_000; // so often it looks whether the clock has jumped
const PATIENCE_MS = 5000; // a reconnection that takes longer is no quiet one
const FINAL = new Set([400, 404, 405, 406, 410, 414, 421]); // they speak of the address, which stays the same

const streams = new Map();

export function live(path, onDocument, { event = 'message', on = {}, onState, text = false } = {}) {
  const key = JSON.stringify([path, event, text, !onDocument]);
  let stream = streams.get(key);
  if (stream === undefined) {
    stream = new Stream(path, { event: onDocument ? event : undefined, text, onEnd: () => forget(key, stream) });
    streams.set(key, stream);
  }
  return stream.add({ onDocument, on, onState });
}

function forget(key, stream) {
  if (streams.get(key) === stream) streams.delete(key);
}

class Stream {
  constructor(path, { event, text, onEnd }) {
    Object.assign(this, { path, event, text, onEnd, callers: new Set(), state: 'connecting', wait: FIRST_WAIT_MS });
    this.unwatch = watchPage({
      offline: () => this.lost(this.status),
      wake: () => this.open(),
    });
    this.open();
  }

  add(caller) {
    this.callers.add(caller);
    for (const name of Object.keys(caller.on)) this.listen(name);
    queueMicrotask(() => {
      this.tell(caller, caller.onState, this.state, this.status);
      if (this.id !== undefined) this.tell(caller, caller.onDocument, this.document);
    });
    return () => {
      if (this.callers.delete(caller) && this.callers.size === 0) this.close();
    };
  }

  open() {
    this.abandon();
    const source = new EventSource(this.id ? withQuery(this.path, '_last_event_id', this.id) : this.path);
    this.source = source;
    this.listened = new Set();
    this.patience = setTimeout(() => this.lost(this.status), PATIENCE_MS);
    source.addEventListener('open', () => this.onOpen());
    source.addEventListener('error', () => this.onError(source));
    source.addEventListener('gone', () => this.end());
    if (this.event) source.addEventListener(this.event, (message) => this.onMessage(message));
    for (const caller of this.callers) for (const name of Object.keys(caller.on)) this.listen(name);
  }

  // Events have names, and a source hears only those that it listens to.
  listen(name) {
    if (this.listened.has(name)) return;
    this.listened.add(name);
    this.source.addEventListener(name, ({ data }) => {
      if (typeof data !== 'string') return; // the source's own event of that name
      const value = this.parsed(data);
      if (value !== undefined) for (const caller of [...this.callers]) this.tell(caller, caller.on[name], value);
    });
  }

  onOpen() {
    clearTimeout(this.patience);
    this.wait = FIRST_WAIT_MS;
    if (this.id !== undefined || !this.event) this.say('live');
  }

  onMessage({ data, lastEventId }) {
    const document = this.parsed(data);
    if (document === undefined) return;
    this.document = document;
    this.id = lastEventId;
    this.say('live');
    for (const caller of [...this.callers]) this.tell(caller, caller.onDocument, document);
  }

  onError(source) {
    clearTimeout(this.patience);
    this.lost(this.status);
    if (source.readyState === EventSource.CLOSED && source === this.source) this.tryAgain(source);
  }

  // EventSource does not tell the status that made it give up. What is not final may pass: who is
  // logged out (401, 403) may log in.
  async tryAgain(failed) {
    const signal = AbortSignal.timeout(LONGEST_WAIT_MS);
    const answer = await fetch(this.path, { method: 'HEAD', cache: 'no-store', signal }).catch(() => undefined);
    if (this.source !== failed) return;
    if (FINAL.has(answer?.status)) {
      this.end(answer.status);
      return;
    }
    this.lost(answer?.ok ? undefined : answer?.status);
    this.timer = setTimeout(() => this.open(), this.wait * (0.5 + Math.random() / 2));
    this.wait = Math.min(2 * this.wait, LONGEST_WAIT_MS);
  }

  lost(status) {
    this.say(this.id === undefined ? 'connecting' : 'stale', status);
  }

  // Who is told may ask again at once, and that is another stream.
  end(status) {
    this.onEnd();
    this.say('gone', status);
    this.close();
  }

  close() {
    this.abandon();
    this.unwatch();
    this.callers.clear();
    this.onEnd();
  }

  abandon() {
    clearTimeout(this.timer);
    clearTimeout(this.patience);
    this.source?.close();
    this.source = undefined;
  }

  say(state, status) {
    if (state === this.state && status === this.status) return;
    Object.assign(this, { state, status });
    for (const caller of [...this.callers]) this.tell(caller, caller.onState, state, status);
  }

  // One caller's exception is not the others' trouble.
  tell(caller, callback, ...values) {
    if (!callback || !this.callers.has(caller)) return;
    try {
      callback(...values);
    } catch (error) {
      complain(error);
    }
  }

  parsed(data) {
    if (this.text) return data;
    try {
      return JSON.parse(data);
    } catch (error) {
      complain(error);
      return undefined;
    }
  }
}

// Calls back when the network goes, and when it or the page comes back. Outside of a browser neither
// happens.
function watchPage({ offline, wake }) {
  const { document } = globalThis;
  if (document === undefined) return () => {};
  let hiddenAt = document.hidden ? Date.now() : Infinity;
  const stop = new AbortController();
  const when = (target, name, listener) => target.addEventListener(name, listener, { signal: stop.signal });
  when(globalThis, 'offline', offline);
  when(globalThis, 'online', wake);
  when(globalThis, 'pageshow', ({ persisted }) => { if (persisted) wake(); });
  when(document, 'resume', wake);
  when(document, 'visibilitychange', () => {
    if (document.hidden) {
      hiddenAt = Date.now();
    } else {
      if (Date.now() - hiddenAt > SLEPT_MS) wake();
      hiddenAt = Infinity;
      looked = Date.now();
    }
  });
  // A machine that has slept tells the page it shows nothing of it. Of a hidden one all timers are late.
  let looked = Date.now();
  const timer = setInterval(() => {
    if (!document.hidden && Date.now() - looked > LOOK_MS + SLEPT_MS) wake();
    looked = Date.now();
  }, LOOK_MS);
  return () => {
    stop.abort();
    clearInterval(timer);
  };
}

function complain(error) {
  if (globalThis.reportError) globalThis.reportError(error);
  else queueMicrotask(() => { throw error; });
}

function withQuery(path, name, value) {
  return `${path}${path.includes('?') ? '&' : '?'}${name}=${encodeURIComponent(value)}`;
}
