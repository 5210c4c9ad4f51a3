// events.js -- a storm of notifications on one channel, every one of them to every subscriber, in order.
//
// Several sessions notify a channel many times in each transaction, at a steady rate; subscribers of
// the channel's route (crowd.c) count what they get and look at its order. The data are `SENDER
// NUMBER`: short, because what is measured is events, not octets.
//
//   --rate 50000        notifications a second, of all senders together
//   --seconds 10
//   --subscribers 100
//   --senders 4
//   --batch 250         notifications of one transaction
//   --threads 2         of the relay
//   --topic 0           1: announcements on a document's stream instead of a channel

import { setTimeout as sleep } from 'node:timers/promises';
import { startCluster } from '../tests/lib/cluster.js';
import { startRelay } from '../tests/lib/relay.js';
import { startCrowd } from '../tests/lib/crowd.js';
import { until } from '../tests/lib/until.js';
import { bar, cpuSeconds, memory, mib, MIB, nowNs, options, sayWhere, table } from './lib/bench.js';

const given = options({ rate: 50_000, seconds: 10, subscribers: 100, senders: 4, batch: 250, threads: 2, topic: 0 });
const total = Math.round((given.rate * given.seconds) / given.senders / given.batch) * given.senders * given.batch;
const path = given.topic ? '/state' : '/storm';

const SEND = given.topic
  ? `select count(*) from (select crier.announce('/state', 'storm', ('"' || $1::text || ' ' || i || '"')::json) from generate_series($2::integer, $3::integer) i offset 0) s`
  : `select count(pg_notify('storm', $1::text || ' ' || i)) from generate_series($2::integer, $3::integer) i`;

async function prepare(cluster) {
  await cluster.sql(`
    select crier.channel('/storm', 'storm');
    create function state_document() returns json language sql stable security definer as $$ select '0'::json $$;
    select crier.live('/state', 'state_document()')`);
}

// One sender: its share of the rate, as transactions of `batch` notifications each.
async function send(cluster, sender) {
  const client = await cluster.connect();
  const share = total / given.senders;
  const every = (given.batch * given.senders * 1000) / given.rate; // [ms] between two transactions
  const began = performance.now() + (every * sender) / given.senders;
  for (let sent = 0; sent < share; sent += given.batch) {
    const due = began + (sent / given.batch) * every - performance.now();
    if (due > 1) await sleep(due);
    await client.query({ name: 'send', text: SEND, values: [String(sender), sent + 1, sent + given.batch] });
  }
  await client.end();
}

const cluster = await startCluster();
try {
  sayWhere();
  await prepare(cluster);
  const relay = await startRelay({ database: cluster.url({ user: 'relay' }), args: ['--threads', String(given.threads)] });
  const crowd = await startCrowd(`${relay.url}${path}`, { readers: given.subscribers, sequence: true });
  await until(async () => (await crowd.report()).answers[200] === given.subscribers, { what: 'all are subscribed' });
  const ignored = given.topic ? given.subscribers : 0; // the document itself
  const rss = { before: await memory(relay.pid), most: 0 };
  const watch = setInterval(async () => { rss.most = Math.max(rss.most, await memory(relay.pid)); }, 50);
  const [began, cpu] = [nowNs(), await cpuSeconds(relay.pid)];
  await Promise.all(Array.from({ length: given.senders }, (_, sender) => send(cluster, sender)));
  const sent = nowNs();
  let report;
  try {
    await until(async () => (report = await crowd.report()).sequence.least >= total + ignored / given.subscribers || report.cut > 0,
      { limit: 60_000, every: 50, what: 'everything has arrived' });
  } catch (error) { console.log(error.message); }
  clearInterval(watch);
  rss.most = Math.max(rss.most, await memory(relay.pid));
  const { sequence, cut } = report;
  const used = (await cpuSeconds(relay.pid)) - cpu;
  table([
    ['', 'this run'],
    ['notifications', total],
    ['subscribers', given.subscribers],
    ['sent a second', Math.round(total / ((sent - began) / 1e9))],
    ['delivered a second', Math.round((total * given.subscribers) / ((sequence.last_ns - began) / 1e9))],
    ['last arrived after the last was sent', `${((sequence.last_ns - sent) / 1e6).toFixed(1)} ms`],
    ['processor time of the relay', `${used.toFixed(2)} s`],
    ['  for a million deliveries', `${((used * 1e6) / (total * given.subscribers)).toFixed(3)} s`],
    ['memory before', mib(rss.before)],
    ['memory at most', mib(rss.most)],
  ]);
  const wrong = sequence.wrong - ignored;
  bar(cut === 0 && wrong === 0 && sequence.least - ignored / given.subscribers === total && sequence.most === sequence.least && sequence.hash === 1,
    `every subscriber got every one of ${total} events in order (${wrong} out of order, ${cut} cut, ${sequence.least} to ${sequence.most} each, ${sequence.hash} order)`);
  bar(total / ((sent - began) / 1e9) >= given.rate * 0.97, `${given.rate} were sent a second`);
  bar(rss.most - rss.before < 64 * MIB, `memory grew by ${mib(rss.most - rss.before)} (at most 64 MiB)`);
  await crowd.stop();
  await relay.stop();
} finally {
  await cluster.stop();
}
