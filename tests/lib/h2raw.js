// h2raw.js -- HTTP/2 by hand, for what no library would send.
//
//   const raw = await connectRaw(relay.url, { settings: { 4: 0 }, paused: true });
//   raw.headers(1, get('/x'), { end: true })   raw.data(1, bytes)   raw.reset(1, 8)   raw.ping()
//   raw.frame({ type: 6, flags: 0, id: 0, payload })   raw.write(bytes)
//   await raw.until((frames) => …)       the frames received so far: { type, flags, id, payload }
//   await raw.closed                     raw.goaway  raw.status(1)  raw.resetCode(1)  raw.body(1)
//
// Header blocks are literals without indexing. Our SETTINGS forbid the dynamic table, so that a status
// can be read from an answer without an HPACK decoder.

import net from 'node:net';
import tls from 'node:tls';
import { reset } from './socket.js';
import { within } from './until.js';

export const TYPE = {
  DATA: 0, HEADERS: 1, PRIORITY: 2, RST_STREAM: 3, SETTINGS: 4, PUSH_PROMISE: 5, PING: 6, GOAWAY: 7,
  WINDOW_UPDATE: 8, CONTINUATION: 9,
};
export const CODE = {
  NO_ERROR: 0, PROTOCOL_ERROR: 1, INTERNAL_ERROR: 2, FLOW_CONTROL_ERROR: 3, STREAM_CLOSED: 5, FRAME_SIZE_ERROR: 6,
  REFUSED_STREAM: 7, CANCEL: 8, COMPRESSION_ERROR: 9, ENHANCE_YOUR_CALM: 11,
};
export const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
const END_STREAM = 1;
const END_HEADERS = 4;

export function uint32(n) {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(n >>> 0);
  return bytes;
}

export function frame({ type, flags = 0, id = 0, payload = Buffer.alloc(0) }) {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(id, 5);
  return Buffer.concat([head, payload]);
}

// RFC 7541, 5.1, with a prefix of 7 bits.
function length7(n) {
  if (n < 127) return Buffer.from([n]);
  const bytes = [127];
  let rest = n - 127;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push(128 + (rest % 128));
  return Buffer.from([...bytes, rest]);
}

function text(value) {
  const bytes = Buffer.from(value, 'latin1');
  return Buffer.concat([length7(bytes.length), bytes]);
}

export function block(fields) {
  return Buffer.concat(fields.flatMap(([name, value]) => [Buffer.from([0]), text(name), text(value)]));
}

export function request(method, path, more = []) {
  return [[':method', method], [':scheme', 'http'], [':path', path], [':authority', 'x'], ...more];
}
export const get = (path, more) => request('GET', path, more);

export function settings(entries) {
  const payload = Buffer.concat(Object.entries(entries).map(([id, value]) => {
    const entry = Buffer.alloc(6);
    entry.writeUInt16BE(Number(id), 0);
    entry.writeUInt32BE(value, 2);
    return entry;
  }));
  return frame({ type: TYPE.SETTINGS, payload });
}

// The digits of an answer's :status, which comes first (RFC 7541, Appendices A and B).
const INDEXED = { 0x88: 200, 0x89: 204, 0x8a: 206, 0x8b: 304, 0x8c: 400, 0x8d: 404, 0x8e: 500 };
const DIGITS = {
  '00000': 0, '00001': 1, '00010': 2, '011001': 3, '011010': 4, '011011': 5, '011100': 6, '011101': 7, '011110': 8, '011111': 9,
};

function readStatus(payload) {
  let at = 0;
  while ((payload[at] & 0xe0) === 0x20) at += 1; // size updates of the dynamic table
  if (INDEXED[payload[at]]) return INDEXED[payload[at]];
  if ((payload[at + 1] & 0x80) === 0) return Number(payload.subarray(at + 2, at + 5).toString('latin1'));
  const bits = [...payload.subarray(at + 2, at + 5)].map((octet) => octet.toString(2).padStart(8, '0')).join('');
  let status = 0;
  let code = '';
  for (const bit of bits) {
    code += bit;
    if (!(code in DIGITS)) continue;
    status = status * 10 + DIGITS[code];
    code = '';
    if (status > 99) break;
  }
  return status;
}

class Raw {
  constructor(socket) {
    this.socket = socket;
    this.buffer = Buffer.alloc(0);
    this.frames = [];
    this.octets = 0;
    this.waiters = new Set();
    this.over = false;
    socket.on('error', () => {});
    this.closed = new Promise((resolve) => { socket.once('close', resolve); })
      .then(() => { this.over = true; this.wake(); });
  }

  resume() {
    if (!this.listening) {
      this.listening = true;
      this.socket.on('data', (piece) => this.feed(piece));
      this.socket.once('end', () => this.socket.end());
    }
    this.socket.resume();
  }

  pause() { this.socket.pause(); }

  feed(piece) {
    this.octets += piece.length;
    this.buffer = this.buffer.length ? Buffer.concat([this.buffer, piece]) : piece;
    while (this.buffer.length >= 9) {
      const length = this.buffer.readUIntBE(0, 3);
      if (this.buffer.length < 9 + length) break;
      this.frames.push({
        type: this.buffer[3], flags: this.buffer[4], id: this.buffer.readUInt32BE(5) & 0x7fffffff,
        payload: this.buffer.subarray(9, 9 + length),
      });
      this.buffer = this.buffer.subarray(9 + length);
    }
    this.wake();
  }

  wake() { for (const waiter of [...this.waiters]) waiter(); }

  write(...pieces) { if (!this.over && this.socket.writable) this.socket.write(Buffer.concat(pieces)); }
  frame(what) { this.write(frame(what)); }

  headers(id, fields, { end = true, endHeaders = true } = {}) {
    this.frame({
      type: TYPE.HEADERS, id, payload: Buffer.isBuffer(fields) ? fields : block(fields),
      flags: (end ? END_STREAM : 0) | (endHeaders ? END_HEADERS : 0),
    });
  }

  data(id, payload, end = false) { this.frame({ type: TYPE.DATA, id, payload, flags: end ? END_STREAM : 0 }); }
  reset(id, code = CODE.CANCEL) { this.frame({ type: TYPE.RST_STREAM, id, payload: uint32(code) }); }
  update(id, by) { this.frame({ type: TYPE.WINDOW_UPDATE, id, payload: uint32(by) }); }
  ping() { this.frame({ type: TYPE.PING, payload: Buffer.alloc(8) }); }

  of(id, type) { return this.frames.filter((f) => f.id === id && (type === undefined || f.type === type)); }
  get goaway() {
    const last = this.frames.filter((f) => f.type === TYPE.GOAWAY).at(-1);
    return last && last.payload.readUInt32BE(4);
  }
  status(id) { const [head] = this.of(id, TYPE.HEADERS); return head && readStatus(head.payload); }
  resetCode(id) { const [first] = this.of(id, TYPE.RST_STREAM); return first && first.payload.readUInt32BE(0); }
  body(id) { return Buffer.concat(this.of(id, TYPE.DATA).map((f) => f.payload)); }
  ended(id) { return this.of(id).some((f) => f.type <= TYPE.HEADERS && f.flags & END_STREAM); }

  until(predicate, what = predicate.toString(), limit) {
    let look;
    return within(new Promise((resolve, reject) => {
      look = () => {
        if (predicate(this.frames)) resolve();
        else if (this.over) reject(new Error(`closed before: ${what}; ${this.describe()}`));
      };
      this.waiters.add(look);
      look();
    }), what, limit).finally(() => this.waiters.delete(look));
  }

  describe() {
    const counts = new Map();
    for (const { type } of this.frames) counts.set(type, (counts.get(type) ?? 0) + 1);
    return `frames by type ${JSON.stringify([...counts])}, goaway ${this.goaway}`;
  }

  // Everything that was written has left this process.
  drained() {
    return new Promise((resolve) => { if (this.over) resolve(); else this.socket.write('', () => resolve()); });
  }

  close() { this.socket.destroy(); }
  cut() { reset(this.socket); }
}

// settings: our own, by number; greet: false sends neither preface nor SETTINGS.
export async function connectRaw(url, { paused = false, greet = true, settings: mine = {}, localAddress } = {}) {
  const { hostname, port, protocol } = new URL(url);
  const secure = protocol === 'https:';
  const socket = secure
    ? tls.connect({ host: hostname, port: Number(port), rejectUnauthorized: false, ALPNProtocols: ['h2'] })
    : net.connect({ host: hostname, port: Number(port), noDelay: true, localAddress });
  await within(new Promise((resolve, reject) => {
    socket.once(secure ? 'secureConnect' : 'connect', resolve);
    socket.once('error', reject);
  }), `connection to ${url}`);
  const raw = new Raw(socket);
  if (!paused) raw.resume();
  if (greet) raw.write(PREFACE, settings({ 1: 0, ...mine }), frame({ type: TYPE.SETTINGS, flags: 1 }));
  return raw;
}
