// tree.js -- a whole thread, from the query to the last byte: talking.recording_tree against the
// classic way.
//
//   node bench/tree.js [--runs 11]        PGCRIER_BIN names another relay than build/pgcrier
//
// The classic way is what one writes without pgcrier: a flat recursive query fetched with node-postgres
// (prepared, over a Unix socket), from a plain table with nothing in it for our sake, nested and
// stringified in JavaScript; over HTTP it is a node server in a process of its own. Same fields, same
// order: the documents are compared before anything is measured. JSON.stringify overflows its stack on
// a chain, so a chain is written by a loop, as one would after the first RangeError.
//
// It makes its own cluster, loads threads of 250-byte rows (a chain, a star, a random tree of 10,000, a
// random tree of 100,000), runs both ways in turns and prints medians in milliseconds and the ratio.
// The bar is for 10,000 over HTTP. Without a relay it measures the query alone.

import { fork } from 'node:child_process';
import http from 'node:http';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { ROOT, startCluster } from '../tests/lib/cluster.js';
import { BINARY, startRelay } from '../tests/lib/relay.js';
import { get } from '../tests/lib/sse.js';
import { bar, sayWhere } from './lib/bench.js';

const SHAPES = [
  { name: 'chain', nodes: 10_000, root: 1_000_000, parent: 'i - 1' },
  { name: 'star', nodes: 10_000, root: 2_000_000, parent: '0' },
  { name: 'random', nodes: 10_000, root: 3_000_000, parent: 'floor(random() * i)::integer' },
  { name: 'random', nodes: 100_000, root: 4_000_000, parent: 'floor(random() * i)::integer' },
];
const TITLE_OCTETS = 150; // makes a row 250 octets long

const FLAT_QUERY = `
  with recursive thread as (
    select id, parent_id, author, title, created_at, duration_ms, ups, downs, score, has_audio
    from plain.recordings where id = $1
    union all
    select r.id, r.parent_id, r.author, r.title, r.created_at, r.duration_ms, r.ups, r.downs, r.score, r.has_audio
    from thread t join plain.recordings r on r.parent_id = t.id)
  select * from thread order by score desc, created_at desc, id desc`;

async function classic(client, id) {
  const { rows } = await client.query({ name: 'thread', text: FLAT_QUERY, values: [id] });
  const nodes = new Map();
  for (const row of rows) {
    nodes.set(row.id, {
      id: row.id, author: row.author, title: row.title, created_at: row.created_at, duration_ms: row.duration_ms,
      ups: row.ups, downs: row.downs, score: row.score, reply_count: 0,
      audio: row.has_audio ? `/api/recordings/${row.id}/audio` : null, replies: [],
    });
  }
  for (const row of rows) if (row.id !== id) nodes.get(row.parent_id).replies.push(nodes.get(row.id));
  const order = [nodes.get(id)];
  for (let i = 0; i < order.length; i += 1) for (const reply of order[i].replies) order.push(reply);
  for (const node of order.reverse()) for (const reply of node.replies) node.reply_count += 1 + reply.reply_count;
  return stringify(nodes.get(id));
}

function stringify(tree) {
  try {
    return JSON.stringify(tree);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return stringifyDeep(tree);
  }
}

function stringifyDeep(tree) {
  const pieces = [];
  const stack = [tree];
  while (stack.length > 0) {
    const item = stack.pop();
    if (typeof item === 'string') {
      pieces.push(item);
      continue;
    }
    const { replies, ...own } = item;
    pieces.push(JSON.stringify(own).slice(0, -1), ',"replies":[');
    stack.push(']}');
    for (let i = replies.length - 1; i >= 0; i -= 1) {
      stack.push(replies[i]);
      if (i > 0) stack.push(',');
    }
  }
  return pieces.join('');
}

// The child process: the classic server.
async function serve() {
  const client = new pg.Client(JSON.parse(process.env.BENCH_DATABASE));
  await client.connect();
  http.createServer(async (request, response) => {
    const text = await classic(client, Number(request.url.split('/').at(-1)));
    response.setHeader('content-type', 'application/json');
    response.end(text);
  }).listen(0, '127.0.0.1', function listening() { process.send(`http://127.0.0.1:${this.address().port}`); });
}

async function load(cluster) {
  for (const { nodes, root, parent } of SHAPES) {
    await cluster.sql(`select setseed(0.5);
      insert into talking.recordings (id, parent_id, author, title, duration_ms, created_at, ups, downs)
      select ${root} + i, case when i > 0 then ${root} + ${parent} end, 'author ' || i % 977,
        rpad('A title with a "quote" ' || i || ' ', ${TITLE_OCTETS}, 'lorem ipsum dolor sit amet '), 1000 + i % 60000,
        '2026-01-01Z'::timestamptz + i * interval '7.123 s', floor(random() * 1000), floor(random() * 400)
      from generate_series(0, ${nodes - 1}) i`);
  }
  await cluster.sql(`
    create schema plain;
    create table plain.recordings as
      select id, parent_id, author, title, duration_ms, created_at, ups, downs, has_audio, score from talking.recordings;
    alter table plain.recordings add primary key (id);
    create index on plain.recordings (parent_id)`);
  await cluster.sql('vacuum analyze plain.recordings');
  await cluster.sql('vacuum analyze talking.recordings');
  const octets = await cluster.value("select pg_relation_size('plain.recordings') / count(*) from plain.recordings");
  console.log(`rows of ${octets} octets in the plain table`);
}

const parsed = (text) => text.replaceAll(/"(created_at|score)":[^,]*,/g, ''); // spelled differently, meaning the same

async function compare(ways, id) {
  const [ours, theirs] = await Promise.all(ways.map((way) => way(id)));
  if (parsed(ours) !== parsed(theirs)) throw new Error(`the documents of ${id} differ`);
}

const median = (numbers) => numbers.sort((a, b) => a - b)[Math.floor(numbers.length / 2)];

async function measure(ways, id, runs) {
  const times = ways.map(() => []);
  for (let run = 0; run < runs; run += 1) {
    for (const [i, way] of ways.entries()) {
      const start = performance.now();
      await way(id);
      times[i].push(performance.now() - start);
    }
  }
  return times.map(median);
}

async function startClassic(cluster) {
  const server = fork(new URL(import.meta.url), [], {
    env: {
      ...process.env,
      BENCH_DATABASE: JSON.stringify({
        host: cluster.directory, port: cluster.port, user: cluster.user, database: cluster.database,
      }),
    },
  });
  const url = await new Promise((done, failed) => {
    server.once('message', done);
    server.once('exit', (code) => failed(new Error(`the classic server ended (${code})`)));
  });
  return { server, url };
}

async function compareAll(tables, runs) {
  sayWhere();
  const ratios = {};
  console.log('\n|           | shape  |   nodes | pgcrier ms | classic ms | ratio |');
  console.log('|-----------|--------|--------:|-----------:|-----------:|------:|');
  for (const [how, ways] of tables) {
    for (const { name, nodes, root } of SHAPES) {
      await compare(ways, root);
      const [ours, theirs] = await measure(ways, root, runs);
      const numbers = [String(nodes).padStart(7), ours.toFixed(1).padStart(10), theirs.toFixed(1).padStart(10),
        (ours / theirs).toFixed(2).padStart(5)];
      console.log(`| ${[how.padEnd(9), name.padEnd(6), ...numbers].join(' | ')} |`);
      if (how === 'over HTTP' && nodes === 10_000) ratios[name] = ours / theirs;
    }
  }
  for (const [name, ratio] of Object.entries(ratios)) bar(ratio <= 1, `10,000 recordings, ${name}: ${ratio.toFixed(2)} of the classic way, at most 1.0`);
}

async function main() {
  const { values } = parseArgs({ options: { runs: { type: 'string', default: '11' } } });
  const cluster = await startCluster();
  let relay;
  let other;
  try {
    cluster.psql(['-f', join(ROOT, 'db', 'talking.sql')]);
    await load(cluster);
    const client = await cluster.connect();
    const tables = [['direct', [
      async (id) => (await client.query({ name: 'tree', text: 'select talking.recording_tree($1)::text as tree', values: [id] })).rows[0].tree,
      (id) => classic(client, id),
    ]]];
    if (existsSync(BINARY)) {
      relay = await startRelay({ database: cluster.url() });
      other = await startClassic(cluster);
      const fetched = (base) => async (id) => (await get(`${base}/api/recordings/${id}`)).text;
      tables.push(['over HTTP', [fetched(relay.url), fetched(other.url)]]);
    }
    await compareAll(tables, Number(values.runs));
  } finally {
    other?.server.kill();
    await relay?.stop();
    await cluster.stop();
  }
}

await (process.env.BENCH_DATABASE ? serve() : main());
