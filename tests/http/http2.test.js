// The tripwire: libh2o's own HTTP/2 engine, which one client can abort, is out of reach. Whatever
// asks for HTTP/2 in clear text gets HTTP/1.1 or an error, never a SETTINGS frame from that engine.

import { ok, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { startApp } from '../lib/app.js';

const app = await startApp({ relay: { args: ['--public', '.'] } });
const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
const SETTINGS = '\0\0\0\x04\0\0\0\0\0';

// A server of HTTP/2 begins with a SETTINGS frame: 3 octets of length, type 4, stream 0.
function speaksHttp2(bytes) {
  const at = bytes.subarray(0, 3).toString() === 'HTT' ? bytes.indexOf('\r\n\r\n') + 4 : 0;
  const frame = bytes.subarray(at);
  return frame.length >= 9 && frame[3] === 4 && frame.readUInt32BE(5) === 0;
}

test('prior knowledge: the preface gets no HTTP/2', async () => {
  const raw = await app.raw(Buffer.from(PREFACE + SETTINGS, 'latin1'));
  await raw.closed;
  ok(!speaksHttp2(raw.received), raw.text);
  ok(raw.text === '' || /^HTTP\/1\.1 4\d\d /.test(raw.text), raw.text);
});

test('prior knowledge, one byte at a time: no HTTP/2', async () => {
  const raw = await app.raw('');
  for (const octet of PREFACE + SETTINGS) {
    raw.send(Buffer.from(octet, 'latin1'));
    await new Promise((resolve) => setImmediate(resolve));
  }
  await raw.closed;
  ok(!speaksHttp2(raw.received), raw.text);
});

for (const path of ['/api/notes/1', '/package.json', '/nothing']) {
  test(`Upgrade: h2c on ${path} is ignored`, async () => {
    const raw = await app.raw(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n`
      + 'HTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n');
    await raw.until((text) => text.includes('\r\n\r\n'));
    strictEqual(raw.text.slice(0, 9), 'HTTP/1.1 ');
    ok(!raw.text.startsWith('HTTP/1.1 101'), raw.text);
    raw.send(Buffer.from(PREFACE + SETTINGS, 'latin1'));
    raw.socket.end();
    await raw.closed;
    ok(!speaksHttp2(raw.received), raw.text);
  });
}

test('and the relay is still there', async () => {
  strictEqual((await app.get('/api/notes/1')).status, 200);
});
