// sse.js -- a strict reference parser of event streams, and a client that shows everything.
//
// The parser follows WHATWG HTML 9.2.6 to the letter, at the level of bytes: it may be fed in pieces
// of any size. Beyond the events it tells what an EventSource hides: comments, ids of blocks without
// data, retry, and `complaints`, the things a browser forgives but our relay must not do.
//
//   const parser = new SseParser();  parser.feed(bytes);  parser.end();
//   parser.events  [{ type, data, id, ownId }]   `id` is sticky; `ownId` is what this block said
//
//   const stream = await openStream(url, { headers, lastEventId });
//   stream.status  stream.headers  stream.events  stream.comments  stream.lastEventId
//   await stream.next()                 the next event not yet taken
//   await stream.until(event => …)      takes events up to the first that fits
//   await stream.comment('database away')
//   await stream.ended                  { how: 'end' | 'close' | 'error' }
//   stream.close()

import http from 'node:http';
import net from 'node:net';
import { reset } from './socket.js';
import { within } from './until.js';

const LF = 0x0a;
const CR = 0x0d;
const BOM = [0xef, 0xbb, 0xbf];
const FIELDS = new Set(['event', 'data', 'id', 'retry']);

export class SseParser {
  constructor({ onEvent, onComment } = {}) {
    this.events = [];
    this.comments = [];
    this.complaints = [];
    this.retry = undefined;
    this.lastEventId = '';
    this.onEvent = onEvent ?? (() => {});
    this.onComment = onComment ?? (() => {});
    this.line = [];          // octets of the line so far, in pieces
    this.afterCr = false;    // a CR ended the line; an LF right after it belongs to it
    this.head = [];          // the first octets, until it is known whether they are a BOM
    this.idBuffer = '';
    this.resetBlock();
  }

  resetBlock() {
    this.data = '';
    this.type = '';
    this.ownId = undefined;
    this.blockEmpty = true;
  }

  feed(bytes) {
    let chunk = Buffer.from(bytes);
    if (this.head) {
      chunk = this.dropBom(chunk);
      if (!chunk) return;
    }
    let start = 0;
    for (let i = 0; i < chunk.length; i += 1) {
      const octet = chunk[i];
      if (this.afterCr) {
        this.afterCr = false;
        if (octet === LF) { start = i + 1; continue; }
      }
      if (octet !== LF && octet !== CR) continue;
      this.line.push(chunk.subarray(start, i));
      start = i + 1;
      this.afterCr = octet === CR;
      this.endLine();
    }
    if (start < chunk.length) this.line.push(chunk.subarray(start));
  }

  // Returns what follows a BOM, or undefined while that is undecided.
  dropBom(chunk) {
    const head = Buffer.concat([Buffer.from(this.head), chunk]);
    const begins = BOM.slice(0, head.length).every((octet, i) => head[i] === octet);
    if (begins && head.length < BOM.length) { this.head = [...head]; return undefined; }
    this.head = undefined;
    return begins ? head.subarray(BOM.length) : head;
  }

  endLine() {
    const octets = Buffer.concat(this.line);
    this.line = [];
    const text = octets.toString('utf8'); // each ill-formed sequence becomes U+FFFD, a BOM stays
    if (!Buffer.from(text).equals(octets)) this.complaints.push('not UTF-8');
    if (text === '') { this.dispatch(); return; }
    const colon = text.indexOf(':');
    if (colon === 0) {
      this.comments.push(text.slice(1));
      this.onComment(text.slice(1));
    } else if (colon < 0) {
      this.field(text, '');
    } else {
      const value = text.slice(colon + 1);
      this.field(text.slice(0, colon), value.startsWith(' ') ? value.slice(1) : value);
    }
  }

  field(name, value) {
    this.blockEmpty = false;
    if (name === 'event') this.type = value;
    else if (name === 'data') this.data += `${value}\n`;
    else if (name === 'id') this.setId(value);
    else if (name === 'retry') this.setRetry(value);
    if (!FIELDS.has(name)) this.complaints.push(`unknown field ${name}`);
  }

  setId(value) {
    if (value.includes('\0')) { this.complaints.push('NUL in an id'); return; }
    this.idBuffer = value;
    this.ownId = value;
  }

  setRetry(value) {
    if (/^[0-9]+$/.test(value)) this.retry = Number(value);
    else this.complaints.push(`retry is not digits: ${value}`);
  }

  dispatch() {
    this.lastEventId = this.idBuffer;
    if (this.data !== '') {
      const event = {
        type: this.type || 'message', data: this.data.slice(0, -1), id: this.lastEventId, ownId: this.ownId,
      };
      this.events.push(event);
      this.resetBlock();
      this.onEvent(event);
      return;
    }
    if (this.type !== '') this.complaints.push(`event ${this.type} without data is never seen`);
    this.resetBlock();
  }

  // The end of the stream. An unfinished block is discarded; the relay must end on a boundary.
  end() {
    if (this.line.length > 0 || !this.blockEmpty || this.head?.length) this.complaints.push('ended inside a block');
    this.line = [];
    this.resetBlock();
  }
}

// Settles like the promise, and never crashes the process when nobody waits for it.
function deferred() {
  const d = {};
  d.promise = new Promise((resolve, reject) => { d.resolve = resolve; d.reject = reject; });
  d.promise.catch(() => {});
  return d;
}

export class Stream {
  constructor(request, response) {
    this.request = request;
    this.response = response;
    this.status = response.statusCode;
    this.headers = response.headers;
    this.rawHeaders = response.rawHeaders;
    this.bytes = 0;
    this.taken = 0;
    this.waiters = new Set();
    this.parser = new SseParser({ onEvent: (event) => this.wake(event), onComment: () => this.wake() });
    this.ended = this.watchEnd();
  }

  get events() { return this.parser.events; }
  get comments() { return this.parser.comments; }
  get complaints() { return this.parser.complaints; }
  get lastEventId() { return this.parser.lastEventId; }
  get retry() { return this.parser.retry; }
  get last() { return this.events.at(-1); }
  get document() { return this.last && JSON.parse(this.last.data); }

  watchEnd() {
    const { response } = this;
    response.on('data', (chunk) => { this.bytes += chunk.length; this.parser.feed(chunk); });
    return new Promise((resolve) => {
      response.once('end', () => { this.parser.end(); resolve({ how: 'end' }); });
      response.once('error', (error) => resolve({ how: 'error', error }));
      response.once('close', () => resolve({ how: 'close' }));
    }).then((how) => { this.over = how; this.wake(); return how; });
  }

  wake() {
    for (const waiter of [...this.waiters]) waiter();
  }

  // Waits until check() returns something other than undefined; rejects when the stream ends before.
  when(check, what, limit) {
    const done = deferred();
    const look = () => {
      const value = check();
      if (value !== undefined) done.resolve(value);
      else if (this.over) done.reject(new Error(`the stream ended (${this.over.how}) before: ${what}`));
    };
    this.waiters.add(look);
    look();
    return within(done.promise, `${what}; ${this.describe()}`, limit).finally(() => this.waiters.delete(look));
  }

  describe() {
    return `status ${this.status}, ${this.events.length} events, last ${this.last?.data.slice(0, 200)}`;
  }

  next(limit) {
    return this.when(() => this.events[this.taken], 'another event', limit)
      .then((event) => { this.taken += 1; return event; });
  }

  // Takes events up to and including the first for which predicate(event, document) holds.
  until(predicate, { limit, what = predicate.toString() } = {}) {
    const look = () => {
      while (this.taken < this.events.length) {
        const event = this.events[this.taken];
        this.taken += 1;
        if (predicate(event)) return event;
      }
      return undefined;
    };
    return this.when(look, what, limit);
  }

  // The same for the JSON inside.
  untilDocument(predicate, options) {
    return this.until((event) => predicate(JSON.parse(event.data)), { what: predicate.toString(), ...options })
      .then((event) => JSON.parse(event.data));
  }

  comment(text, limit) {
    return this.when(() => (this.comments.some((c) => c.trim() === text) ? true : undefined), `comment ${text}`, limit);
  }

  close() {
    this.request.destroy();
  }
}

// A connection of the request's own; `connect` makes its socket, where the URL does not tell how.
const alone = (connect, localAddress) => (connect ? { createConnection: connect } : { agent: false, localAddress });

// Opens a GET with Accept: text/event-stream (headers given override), on a connection of its own.
// Whatever the status, the answer is returned: look at `status`.
export function openStream(url, { headers = {}, lastEventId, method = 'GET', localAddress, connect, limit } = {}) {
  const given = { accept: 'text/event-stream', 'last-event-id': lastEventId, ...headers };
  for (const name of Object.keys(given)) if (given[name] === undefined) delete given[name];
  const opened = deferred();
  const request = http.request(url, { method, headers: given, ...alone(connect, localAddress) });
  request.once('response', (response) => opened.resolve(new Stream(request, response)));
  request.on('error', (error) => opened.reject(error));
  request.end();
  return within(opened.promise, `headers of ${url}`, limit)
    .catch((error) => { request.destroy(); throw error; });
}

// One whole answer: { status, headers, body, text, json() }.
export function get(url, { headers = {}, method = 'GET', body, limit, localAddress, connect } = {}) {
  const done = deferred();
  const request = http.request(url, { method, headers, ...alone(connect, localAddress) }, (response) => {
    const pieces = [];
    response.on('data', (piece) => pieces.push(piece));
    response.once('error', done.reject);
    response.once('end', () => {
      const bytes = Buffer.concat(pieces);
      done.resolve({
        status: response.statusCode, headers: response.headers, rawHeaders: response.rawHeaders, body: bytes,
        get text() { return bytes.toString('utf8'); },
        json() { return JSON.parse(bytes.toString('utf8')); },
      });
    });
  });
  request.on('error', done.reject);
  request.end(body);
  return within(done.promise, `answer to ${method} ${url}`, limit)
    .catch((error) => { request.destroy(); throw error; });
}

// A bare socket that has sent `text` and reads only when told to: stalled readers, malformed requests.
//   raw.resume()  raw.pause()  raw.received (Buffer)  await raw.until(bytes => …)  await raw.closed
export async function rawRequest(url, text, { paused = false, localAddress } = {}) {
  const { hostname, port } = new URL(url);
  const socket = net.connect({ host: hostname, port: Number(port), noDelay: true, localAddress });
  const opened = deferred();
  socket.once('connect', opened.resolve);
  socket.once('error', opened.reject);
  await within(opened.promise, `connection to ${url}`);
  const raw = new RawSocket(socket);
  if (!paused) raw.resume();
  socket.write(text);
  return raw;
}

class RawSocket {
  constructor(socket) {
    this.socket = socket;
    this.pieces = [];
    this.waiters = new Set();
    socket.on('error', () => {});
    this.closed = new Promise((resolve) => socket.once('close', resolve)).then(() => { this.over = true; this.wake(); });
  }

  get received() { return Buffer.concat(this.pieces); }
  get text() { return this.received.toString('latin1'); }

  wake() { for (const waiter of [...this.waiters]) waiter(); }

  resume() {
    if (!this.listening) {
      this.listening = true;
      this.socket.on('data', (piece) => { this.pieces.push(piece); this.wake(); });
      this.socket.once('end', () => this.socket.end());
    }
    this.socket.resume();
  }

  pause() { this.socket.pause(); }
  send(text) { this.socket.write(text); }
  close() { this.socket.destroy(); }
  reset() { reset(this.socket); }

  until(predicate, what = predicate.toString(), limit) {
    const done = deferred();
    const look = () => {
      if (predicate(this.text)) done.resolve(this.text);
      else if (this.over) done.reject(new Error(`closed before: ${what}; received ${this.text.slice(0, 300)}`));
    };
    this.waiters.add(look);
    look();
    return within(done.promise, what, limit).finally(() => this.waiters.delete(look));
  }
}
