// The tripwire: libh2o's own HTTP/2 engine, which one client can abort, is out of reach (C14). Who asks
// for HTTP/2 by its preface gets ours; by an Upgrade, or by a preface where HTTP/1.1 was chosen, nobody's.
//
// The two are told apart by SETTINGS: ours says NO_RFC7540_PRIORITIES (RFC 9218), which that engine,
// older than the RFC, cannot say. Control: with http1.upgrade_to_http2 = 1, or h2o's ALPN list, it
// answers a preface by its own SETTINGS, and 250 octets end the process (an assertion in
// update_stream_output_window).

import { ok, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import tls from 'node:tls';
import { startApp } from '../lib/app.js';
import { certificate, tlsArgs } from '../lib/certificate.js';
import { CODE, PREFACE, TYPE, connectRaw, settings } from '../lib/h2raw.js';
import { until } from '../lib/until.js';

const app = await startApp({ relay: { args: ['--public', '.', ...tlsArgs(certificate())] } });
const SETTINGS = settings({});
const NO_RFC7540_PRIORITIES = 9;

function settingsOf(bytes) {
  const ids = new Map();
  for (let at = 9; at < 9 + bytes.readUIntBE(0, 3); at += 6) ids.set(bytes.readUInt16BE(at), bytes.readUInt32BE(at + 2));
  return ids;
}

const hasFrame = (bytes) => bytes.length >= 9 && bytes.length >= 9 + bytes.readUIntBE(0, 3);

// A server of HTTP/2 begins with a SETTINGS frame: 3 octets of length, type 4, stream 0.
function speaksHttp2(bytes) {
  const at = bytes.subarray(0, 3).toString() === 'HTT' ? bytes.indexOf('\r\n\r\n') + 4 : 0;
  const frame = bytes.subarray(at);
  return frame.length >= 9 && frame[3] === 4 && frame.readUInt32BE(5) === 0;
}

test('C14 prior knowledge: our engine answers, not libh2o\'s', async () => {
  const raw = await app.raw(Buffer.concat([PREFACE, SETTINGS]));
  await raw.until(() => hasFrame(raw.received));
  ok(speaksHttp2(raw.received));
  strictEqual(settingsOf(raw.received).get(NO_RFC7540_PRIORITIES), 1);
  raw.close();
});

test('C14 prior knowledge, one byte at a time', async () => {
  const raw = await app.raw('');
  for (const octet of Buffer.concat([PREFACE, SETTINGS])) {
    raw.send(Buffer.from([octet]));
    await new Promise((resolve) => { setImmediate(resolve); });
  }
  await raw.until(() => hasFrame(raw.received));
  strictEqual(settingsOf(raw.received).get(NO_RFC7540_PRIORITIES), 1);
  raw.close();
});

test('C14 almost the preface is a bad request of HTTP/1.1', async () => {
  for (const text of ['PRI * HTTP/2.0\r\n\r\n', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\rX', 'PRI / HTTP/1.1\r\n\r\n']) {
    const raw = await app.raw(Buffer.concat([Buffer.from(text), SETTINGS, SETTINGS]));
    await raw.closed;
    ok(!speaksHttp2(raw.received), raw.text);
    ok(raw.text === '' || /^HTTP\/1\.1 4\d\d /.test(raw.text), raw.text);
  }
});

for (const path of ['/api/notes/1', '/package.json', '/nothing']) {
  test(`C14 Upgrade: h2c on ${path} is ignored`, async () => {
    const raw = await app.raw(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n`
      + 'HTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n');
    await raw.until((text) => text.includes('\r\n\r\n'));
    strictEqual(raw.text.slice(0, 9), 'HTTP/1.1 ');
    ok(!raw.text.startsWith('HTTP/1.1 101'), raw.text);
    raw.send(Buffer.concat([PREFACE, SETTINGS]));
    raw.socket.end();
    await raw.closed;
    ok(!speaksHttp2(raw.received), raw.text);
  });
}

for (const ALPNProtocols of [['http/1.1'], undefined]) {
  test(`C14 a preface over TLS with ALPN ${ALPNProtocols ?? 'not used'} is a bad request`, async () => {
    const { hostname, port } = new URL(app.relay.tlsUrl);
    const socket = tls.connect({ host: hostname, port: Number(port), rejectUnauthorized: false, ALPNProtocols });
    const pieces = [];
    socket.on('data', (piece) => pieces.push(piece));
    socket.on('error', () => {});
    let closed = false;
    socket.once('close', () => { closed = true; });
    socket.write(Buffer.concat([PREFACE, SETTINGS]));
    await until(() => closed);
    const bytes = Buffer.concat(pieces);
    ok(!speaksHttp2(bytes), bytes.toString('latin1'));
    ok(bytes.length === 0 || /^HTTP\/1\.1 4\d\d /.test(bytes.toString('latin1')), bytes.toString('latin1'));
  });
}

test('C14 garbage where ALPN said h2: GOAWAY, and the end', async () => {
  const raw = await connectRaw(app.relay.tlsUrl, { greet: false });
  raw.write(Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n'));
  await raw.closed;
  ok(raw.frames.every(({ type }) => type === TYPE.SETTINGS || type === TYPE.WINDOW_UPDATE || type === TYPE.GOAWAY));
  ok(raw.goaway === undefined || raw.goaway === CODE.PROTOCOL_ERROR);
});

test('C14 and the relay is still there', async () => {
  strictEqual((await app.get('/api/notes/1')).status, 200);
});
