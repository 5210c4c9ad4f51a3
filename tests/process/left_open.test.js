// A pool connection that is still in a transaction after its COMMIT: the server, or a pooler on the
// way there, does not do what it says. It is treated as one that was lost.

import { deepStrictEqual, strictEqual } from 'node:assert/strict';
import net from 'node:net';
import { after, test } from 'node:test';
import { startApp } from '../lib/app.js';
import { get } from '../lib/sse.js';

const app = await startApp({
  relay: false,
  sql: `
    create function app.write(_body text) returns void language sql as $$ update app.notes set body = _body where id = 2 $$;
    create function app.refuse() returns void language plpgsql as $$ begin raise sqlstate 'PT409' using message = 'no'; end $$;
    select crier.action('POST', '/api/write', 'app.write(text)');
    select crier.action('POST', '/api/refuse', 'app.refuse()');
    grant update on app.notes to relay;
    grant execute on all functions in schema app to relay`,
});

const STATEMENT = /crier\.(read|act)\(/; // what a request has run
let forged = 0; // so many of the next of these are answered wrongly

// One message of the server's, as somebody would send it who has lost the rows and the end of the transaction.
function forge(message) {
  switch (String.fromCharCode(message[0])) {
    case 'T': return Buffer.from([0x6e, 0, 0, 0, 4]); // no RowDescription: NoData
    case 'D': return Buffer.alloc(0);
    case 'C': return Buffer.from(message.toString('latin1').replace('COMMIT', 'BEGIN!'), 'latin1');
    case 'Z': return Buffer.from([0x5a, 0, 0, 0, 5, 0x54]); // in a transaction
    default: return message;
  }
}

// Whole messages from the server.
function relayed(link, piece) {
  link.rest = Buffer.concat([link.rest, piece]);
  const out = [];
  while (link.rest.length >= 5 && link.rest.length > link.rest.readUInt32BE(1)) {
    const message = link.rest.subarray(0, 1 + link.rest.readUInt32BE(1));
    link.rest = link.rest.subarray(message.length);
    out.push(link.forges ? forge(message) : message);
  }
  return Buffer.concat(out);
}

const server = net.createServer((near) => {
  const far = net.connect({ host: '127.0.0.1', port: app.cluster.port });
  const link = { rest: Buffer.alloc(0), forges: false };
  let asked = ''; // a piece may begin anywhere
  near.on('data', (piece) => {
    asked = asked.slice(-20) + piece.toString('latin1');
    if (!link.forges && forged > 0 && STATEMENT.test(asked)) { link.forges = true; forged -= 1; }
    far.write(piece);
  });
  far.on('data', (piece) => near.write(relayed(link, piece)));
  for (const [end, other] of [[near, far], [far, near]]) {
    end.on('error', () => {});
    end.on('close', () => other.destroy());
  }
});
await new Promise((resolve) => server.listen({ host: '127.0.0.1', port: 0 }, resolve));
after(() => server.close());

const relay = await app.startRelay({
  database: app.cluster.tcpUrl({ user: 'relay', port: server.address().port }),
  args: ['--listen-database', app.cluster.url({ user: 'relay' }), '--pool', '2'],
  env: { PGSSLMODE: 'disable', PGGSSENCMODE: 'disable' }, // messages from the first octet on
});
const post = (path, body) => get(`${relay.url}${path}`, {
  method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json' },
});

async function forging(count, ask) {
  forged = count;
  const answer = await ask();
  strictEqual(forged, 0, 'all of it was forged');
  return answer;
}

test('a read is made again on another connection', async () => {
  const answer = await forging(1, () => get(`${relay.url}/api/notes/1`));
  deepStrictEqual([answer.status, answer.json().body], [200, 'one']);
  await relay.hears(/lost: it was left in a transaction/);
});

test('once: a second time the database is away', async () => {
  const answer = await forging(2, () => get(`${relay.url}/api/notes/1`));
  strictEqual(answer.status, 503);
  strictEqual((await get(`${relay.url}/api/notes/1`)).status, 200);
});

test('of a write nobody knows what became of it, and it is not made again', async () => {
  const answer = await forging(1, () => post('/api/write', { body: 'x' }));
  deepStrictEqual([answer.status, answer.json().title], [503, 'The outcome is unknown']);
  strictEqual((await post('/api/write', { body: 'y' })).status, 204);
});

test('a write that the server has refused is not in doubt', async () => {
  const answer = await forging(1, () => post('/api/refuse', {}));
  deepStrictEqual([answer.status, answer.json().title], [503, 'The database is away']);
  strictEqual((await post('/api/refuse', {})).status, 409);
});
