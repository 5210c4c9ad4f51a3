// sse_server.js -- what one writes with node alone: node-postgres listens, node:http streams.
//
// The event is the notification's payload: no query, no ids that mean anything, no document for those
// who come later, no care for slow readers. Started by peers.js as a process of its own:
// DATABASE_URL, and a channel `bench`. It prints its URL.

import http from 'node:http';
import pg from 'pg';

const subscribers = new Set();
let count = 0;

const { host, port, user, database } = JSON.parse(process.env.BENCH_DATABASE);
const client = new pg.Client({ host, port, user, database });
client.on('notification', ({ payload }) => {
  count += 1;
  const event = Buffer.from(`id: ${count}\ndata: ${payload}\n\n`);
  for (const subscriber of subscribers) subscriber.write(event);
});
await client.connect();
await client.query('listen bench');

http.createServer((request, response) => {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
  response.flushHeaders();
  subscribers.add(response);
  response.on('close', () => subscribers.delete(response));
}).listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, function listening() {
  console.log(`http://127.0.0.1:${this.address().port}`);
});
process.stdin.resume().on('end', () => process.exit(0));
