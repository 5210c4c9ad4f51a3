// Certificates: what does not fit is one clear line, and SIGHUP renews them without a stream noticing.

import { deepStrictEqual, match, ok, strictEqual } from 'node:assert/strict';
import { once } from 'node:events';
import { copyFileSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { Duplex } from 'node:stream';
import { test } from 'node:test';
import tls from 'node:tls';
import { startApp } from '../lib/app.js';
import { certificate, tlsArgs } from '../lib/certificate.js';
import { connect2 } from '../lib/h2.js';
import { PREFACE, settings } from '../lib/h2raw.js';
import { runRelay } from '../lib/relay.js';
import { until, within } from '../lib/until.js';

const mine = certificate({ name: 'first' });
const other = certificate({ name: 'other' });
const app = await startApp({ relay: { args: tlsArgs(mine) } });

async function refused(args, pattern) {
  const { code, lines } = await runRelay(['--database', 'dbname=x', '--listen', '127.0.0.1:0', ...args]);
  strictEqual(code, 2);
  match(lines.at(-1), pattern);
}

test('--tls-listen without a certificate, or with one that cannot be used, is one line and status 2', async () => {
  const listen = ['--tls-listen', '127.0.0.1:0'];
  await refused(listen, /^pgcrier: error: --tls-listen needs --tls-cert and --tls-key$/);
  await refused([...listen, '--tls-cert', mine.cert], /^pgcrier: error: --tls-listen needs/);
  await refused([...listen, '--tls-cert', '/nowhere.pem', '--tls-key', mine.key],
    /^pgcrier: error: --tls-cert \/nowhere\.pem: No such file or directory$/);
  await refused([...listen, '--tls-cert', mine.cert, '--tls-key', '/nowhere.pem'],
    /^pgcrier: error: --tls-key \/nowhere\.pem: No such file or directory$/);
  await refused([...listen, '--tls-cert', mine.cert, '--tls-key', other.key],
    /^pgcrier: error: --tls-key \S+ is not the key of --tls-cert \S+$/);
  await refused([...listen, '--tls-cert', mine.key, '--tls-key', mine.key],
    /^pgcrier: error: --tls-cert \S+: nothing of this kind is in it, in PEM$/);
});

function handshake(options = {}) {
  const { hostname, port } = new URL(app.relay.tlsUrl);
  const socket = tls.connect({ host: hostname, port: Number(port), rejectUnauthorized: false, ...options });
  return within(new Promise((resolve, reject) => {
    socket.once('secureConnect', () => {
      resolve({ name: socket.getPeerCertificate().subject.CN, protocol: socket.alpnProtocol, version: socket.getProtocol() });
      socket.destroy();
    });
    socket.once('error', reject);
  }), 'handshake');
}

test('TLS 1.2 and 1.3, h2 before http/1.1, and nothing older', async () => {
  strictEqual((await handshake()).version, 'TLSv1.3');
  strictEqual((await handshake({ maxVersion: 'TLSv1.2' })).version, 'TLSv1.2');
  strictEqual((await handshake({ ALPNProtocols: ['http/1.1', 'h2'] })).protocol, 'h2');
  strictEqual((await handshake({ ALPNProtocols: ['http/1.1'] })).protocol, 'http/1.1');
  strictEqual((await handshake({ ALPNProtocols: ['spdy/3'] })).protocol, false);
  const failures = await app.metric('pgcrier_tls_failures_total');
  await handshake({ minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' })
    .then(() => ok(false), () => {});
  await until(async () => await app.metric('pgcrier_tls_failures_total') > failures);
});

test('P02 SIGHUP: new handshakes get the new certificate, old streams live', async () => {
  const client = await connect2(app.relay.tlsUrl);
  const stream = await client.stream('/api/notes/1');
  await stream.next();
  strictEqual((await handshake()).name, 'first');
  copyFileSync(other.cert, mine.cert);
  copyFileSync(other.key, mine.key);
  app.relay.signal('SIGHUP');
  await app.relay.hears(/^pgcrier: SIGHUP: new connections get the new certificate$/);
  await until(async () => (await handshake()).name === 'other');
  await app.sql("update app.notes set body = 'renewed' where id = 1");
  strictEqual(JSON.parse((await stream.next()).data).body, 'renewed');
  deepStrictEqual(stream.complaints, []);
  client.close();
});

test('P02 SIGHUP with a certificate that cannot be used keeps the old one and says so', async () => {
  const client = await connect2(app.relay.tlsUrl);
  const stream = await client.stream('/api/notes/1');
  await stream.next();
  writeFileSync(mine.cert, 'not a certificate\n');
  app.relay.signal('SIGHUP');
  await app.relay.hears(/^pgcrier: error: SIGHUP: the old certificate stays: --tls-cert \S+: /);
  strictEqual((await handshake()).name, 'other');
  await app.sql("update app.notes set body = 'kept' where id = 1");
  strictEqual(JSON.parse((await stream.next()).data).body, 'kept');
  client.close();
});

// A client over TLS whose own end of the TCP connection stays open when it says goodbye.
async function sayGoodbye(relay, protocol, ask) {
  const plain = net.connect(Number(new URL(relay.tlsUrl).port), '127.0.0.1');
  const closed = once(plain, 'close');
  const through = new Duplex({ read() {}, write: (octets, encoding, done) => plain.write(octets, done), final: (done) => done() });
  plain.on('data', (octets) => through.push(octets)).on('error', () => {});
  const secure = tls.connect({ socket: through, rejectUnauthorized: false, ALPNProtocols: [protocol] }).on('error', () => {});
  await within(once(secure, 'secureConnect'), 'a handshake');
  secure.write(ask);
  await within(once(secure, 'data'), 'an answer');
  secure.end();
  await within(closed, `the relay closes, too: ${protocol} ${ask}`);
}

// Control: libh2o 2.2.5 keeps what comes behind a close_notify, without limit.
test('who says goodbye over TLS is gone, although the connection stays open', async () => {
  const relay = await app.startRelay({ args: [...tlsArgs(), '--head-time', '10min'] });
  const head = 'GET /api/notes/1 HTTP/1.1\r\nHost: x\r\n';
  await sayGoodbye(relay, 'http/1.1', `${head}\r\n`);
  await sayGoodbye(relay, 'http/1.1', `${head}\r\nPOST /api/notes/1 HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n`);
  await sayGoodbye(relay, 'http/1.1', `${head}Accept: text/event-stream\r\n\r\n`);
  await sayGoodbye(relay, 'h2', Buffer.concat([PREFACE, settings({})]));
  await until(async () => await relay.metric('pgcrier_subscribers') === 0);
  await relay.stop();
});
