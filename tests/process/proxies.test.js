// pgcrier behind nginx, HAProxy and Caddy, each with the very snippet of doc/: only ports are replaced.

import { deepStrictEqual, match, ok, strictEqual } from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { startApp } from '../lib/app.js';
import { ROOT } from '../lib/cluster.js';
import { exited, freePort, isExecutable, start } from '../lib/process.js';
import { get, openStream, rawRequest } from '../lib/sse.js';
import { until } from '../lib/until.js';

const app = await startApp({ relay: false });
const directory = mkdtempSync(join(tmpdir(), 'pgcrier-proxy-'));
chmodSync(directory, 0o755); // nginx's workers are another user
const site = join(directory, 'site');
mkdirSync(site);
writeFileSync(join(site, 'index.html'), 'index');
writeFileSync(join(site, 'big'), 'x'.repeat(3_000_000));
const running = new Set();
after(() => {
  for (const child of running) child.kill('SIGKILL');
  rmSync(directory, { recursive: true, force: true });
});

// A snippet with other ports; each must be there.
function snippet(name, replacements) {
  let text = readFileSync(join(ROOT, 'doc', name), 'utf8');
  for (const [from, to] of replacements) {
    ok(text.includes(from), `${name} has ${from}`);
    text = text.replaceAll(from, to);
  }
  const path = join(directory, name);
  writeFileSync(path, text);
  return path;
}

const BINARIES = { nginx: '/usr/sbin/nginx', haproxy: '/usr/sbin/haproxy', caddy: '/usr/bin/caddy' };
const PROXIES = {
  nginx({ relay, admin, port }) {
    const included = snippet('nginx.conf', [['127.0.0.1:8080', relay], ['listen 80;', `listen 127.0.0.1:${port};`]]);
    const main = join(directory, 'main.conf');
    writeFileSync(main, `daemon off; pid ${directory}/nginx.pid; error_log ${directory}/error.log;
      worker_processes 1; events {} http { access_log off; client_body_temp_path ${directory}/body;
      proxy_temp_path ${directory}/temp; fastcgi_temp_path ${directory}/f; uwsgi_temp_path ${directory}/u; scgi_temp_path ${directory}/s;
      include ${included}; }`);
    return ['-c', main, '-e', join(directory, 'error.log')];
  },
  haproxy({ relay, admin, port }) {
    return ['-db', '-f', snippet('haproxy.cfg',
      [['server relay1 127.0.0.1:8080', `server relay1 ${relay}`], ['check port 8081', `check inter 200 port ${admin.split(':')[1]}`], ['bind :80', `bind 127.0.0.1:${port}`]])];
  },
  caddy({ relay, port }) {
    const site = snippet('Caddyfile', [['reverse_proxy 127.0.0.1:8080', `reverse_proxy ${relay}`], ['example.org', `http://127.0.0.1:${port}`]]);
    writeFileSync(site, `{\n\tadmin off\n\tauto_https off\n}\n${readFileSync(site, 'utf8')}`);
    return ['run', '--config', site, '--adapter', 'caddyfile'];
  },
};

for (const [name, configure] of Object.entries(PROXIES)) {
  test(`behind ${name}`, { skip: !isExecutable(BINARIES[name]) && `${name} is not installed` }, async (t) => {
    const [relayPort, adminPort, port] = [await freePort(), await freePort(), await freePort()];
    const listen = [`127.0.0.1:${relayPort}`];
    const options = {
      listen, admin: `127.0.0.1:${adminPort}`,
      args: ['--prefix', '/live', '--trusted-proxy', '127.0.0.1', '--public', site, '--heartbeat', '300ms', '--max-address-streams', '3'],
    };
    let relay = await app.startRelay(options);
    const args = configure({ relay: listen[0], admin: options.admin, port });
    const proxy = start(BINARIES[name], args, { env: { ...process.env, HOME: directory, XDG_DATA_HOME: directory, XDG_CONFIG_HOME: directory } });
    let said = '';
    for (const output of [proxy.stdout, proxy.stderr]) output.on('data', (piece) => { said += piece; });
    running.add(proxy);
    const url = `http://127.0.0.1:${port}/live`;
    await until(async () => (await get(`${url}/api/notes/1`)).status === 200, { what: `${name} serves: ${said}` });
    const stream = (path, extra) => openStream(`${url}${path}`, extra);
    const set = (body) => app.sql('update app.notes set body = $1 where id = 1', [body]);

    await t.test('documents, files, errors', async () => {
      const first = await get(`${url}/api/notes/1`);
      strictEqual(first.json().id, 1);
      const again = await get(`${url}/api/notes/1`, { headers: { 'if-none-match': first.headers.etag } });
      strictEqual(again.status, 304);
      strictEqual((await get(`${url}/`)).text, 'index');
      strictEqual((await get(`${url}/big`)).body.length, 3_000_000);
      strictEqual((await get(`${url}/api/notes/99`)).headers['content-type'], 'application/problem+json');
      const written = await get(`${url}/api/notes/1`, { method: 'POST', body: 'y'.repeat(2_000_000) });
      strictEqual(written.status, 405);
      match(written.headers.allow, /GET/);
    });

    await t.test('C04: a stream: every event at once, and heartbeats, and its end', async () => {
      const s = await stream('/api/notes/1');
      strictEqual(s.status, 200);
      strictEqual(s.headers['content-type'], 'text/event-stream');
      await s.next();
      for (let i = 0; i < 3; i += 1) {
        await set(`${name} ${i}`);
        await s.untilDocument((d) => d.body === `${name} ${i}`); // nobody keeps it back
      }
      await until(() => s.comments.length >= 2);
      deepStrictEqual(s.complaints, []);
      s.close();
      await until(async () => await relay.metric('pgcrier_subscribers') === 0, { what: 'the relay hears that it closed' });
    });

    await t.test('resuming: nothing is resent that is still the same', async () => {
      const s = await stream('/api/notes/1');
      const { id } = await s.next();
      s.close();
      const resumed = await stream('/api/notes/1', { lastEventId: id });
      await set(`${name} resumed`);
      strictEqual(JSON.parse((await resumed.next()).data).body, `${name} resumed`);
      strictEqual(resumed.events.length, 1);
      resumed.close();
    });

    await t.test('the client\'s address is seen, and not what it claims to be', async () => {
      const open = (localAddress, headers) => stream('/api/notes/2', { localAddress, headers });
      const three = await Promise.all([1, 2, 3].map((i) => open('127.0.0.2', { 'x-forwarded-for': `192.0.2.${i}`, forwarded: `for=192.0.2.${i}` })));
      await Promise.all(three.map((s) => s.next()));
      const fourth = await open('127.0.0.2', { 'x-forwarded-for': '192.0.2.77', forwarded: 'for=192.0.2.77' });
      deepStrictEqual(await fourth.ended, { how: 'end' });
      strictEqual(fourth.retry, 30_000);
      const other = await open('127.0.0.3');
      await other.next();
      [...three, other].forEach((s) => s.close());
      await until(async () => await relay.metric('pgcrier_subscribers') === 0);
    });

    await t.test('a stream that ends leaves the proxy\'s connections in order', async () => {
      for (let i = 0; i < 5; i += 1) {
        await app.sql(`insert into app.notes values (80, 0, 'short')`);
        const s = await stream('/api/notes/80');
        await s.next();
        await app.sql('delete from app.notes where id = 80');
        strictEqual((await s.next()).type, 'gone');
        deepStrictEqual(await s.ended, { how: 'end' });
        const bodies = await Promise.all([1, 2, 3].map((id) => get(`${url}/api/notes/${id}`)));
        deepStrictEqual(bodies.map((b) => b.json().id), [1, 2, 3]);
      }
    });

    await t.test('C10: smuggling: one answer, or the proxy\'s own', async () => {
      const next = 'GET /live/api/notes/3 HTTP/1.1\r\nHost: x\r\n\r\n';
      for (const lines of [`Content-Length: 4\r\nTransfer-Encoding: chunked`, `Content-Length: 0\r\nContent-Length: ${next.length}`,
        'Transfer-Encoding: chunked, identity', 'Transfer-Encoding : chunked', `X: a\r\n Content-Length: 3`]) {
        const raw = await rawRequest(url, `POST /live/api/notes/1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${lines}\r\n\r\n0\r\n\r\n${next}`);
        await raw.closed;
        ok(!raw.text.includes('three'), lines);
      }
    });

    await t.test('the relay restarts: the stream ends cleanly, and comes back', async () => {
      const s = await stream('/api/notes/1');
      const { id } = await s.next();
      await relay.stop();
      await s.ended;
      deepStrictEqual(s.complaints, []);
      relay = await app.startRelay(options);
      await until(async () => (await get(`${url}/api/notes/1`)).status === 200);
      const back = await stream('/api/notes/1', { lastEventId: id });
      await set(`${name} back`);
      await back.untilDocument((d) => d.body === `${name} back`);
      strictEqual(back.events.length, 1);
      back.close();
    });
    proxy.kill('SIGKILL');
    await exited(proxy);
    running.delete(proxy);
    await relay.stop();
  });
}
