// C30: clients that go while the database works for them. Over HTTP/1.1 nobody notices before the
// answer is written, and what they have asked for is done; it must not cost more than that.

import { ok, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { startApp } from '../lib/app.js';
import { PASS, gateOf } from '../lib/gate.js';
import { connectRaw, get as h2get } from '../lib/h2raw.js';
import { rawRequest } from '../lib/sse.js';
import { until } from '../lib/until.js';

const WINDOWS = 64;
const app = await startApp({
  sql: `
    create function app.locked(_id integer) returns json language plpgsql stable as $$
    begin perform ${PASS}; return to_json(_id); end $$;
    create function app.octets() returns bytea language plpgsql stable as $$
    begin perform ${PASS}; return decode(repeat('00', ${WINDOWS} * 131072), 'hex'); end $$;
    select crier.live('/api/locked/{id}', 'app.locked(integer)');
    select crier.blob('/api/octets', 'app.octets()');
    grant execute on all functions in schema app to relay`,
});
const gate = gateOf(app.cluster);
const head = (path) => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`;
const busy = () => app.metric('pgcrier_pool_connections{state="busy"}');

// Readers of the path, over both protocols, that leave while a query for them waits at the gate.
async function comeAndGo(path, count) {
  await gate.shut();
  const asked = await app.metric('pgcrier_requests_total');
  const raws = await Promise.all(Array.from({ length: count }, () => rawRequest(app.relay.url, head(path))));
  const raw2 = await connectRaw(app.relay.url);
  for (let i = 0; i < count; i += 1) raw2.headers(2 * i + 1, h2get(path));
  await until(async () => await app.metric('pgcrier_requests_total') === asked + 2 * count && await busy() > 0, { what: 'all have asked' });
  for (const raw of [...raws, raw2]) raw.close();
  await until(async () => await app.metric('pgcrier_http2_streams') === 0);
  await gate.open();
  await until(async () => await busy() === 0 && await app.metric('pgcrier_connections') === 1, { what: 'nothing of them is left' });
}

test('C30 of a document: one read for all of them, and one for who came during it', async () => {
  const before = await app.quietReads();
  await comeAndGo('/api/locked/1', 20);
  const reads = await app.quietReads() - before;
  ok(reads <= 4, `${reads} reads for 40`); // who is heard late may cause another
});

test('C30 of a blob: a query for each of them, and then no more windows than the kernel takes', async () => {
  const before = await app.metric('pgcrier_blob_windows_total');
  await comeAndGo('/api/octets', 3);
  const more = await app.metric('pgcrier_blob_windows_total') - before;
  ok(more <= 3 * 4, `${more} of ${6 * WINDOWS} windows`);
  strictEqual((await app.get('/api/notes/1')).status, 200);
});
