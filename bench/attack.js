// attack.js -- how long others wait while one client attacks.
//
// A visitor (visitor.c) asks for a small document, another one for a small file, every few milliseconds over
// connections that they keep; a writer changes the document, and a reader of its stream gets it. Meanwhile
// an attacker (attacker.c, niced, with an address of its own) sends octets that were prepared
// (lib/attacks.js), as fast as they are taken, and comes back at once when it is cut.
//
// Windows take turns: calm, attacked, control. In the control the same octets go at the same time from the
// same attacker to a sink (sink.c), which reads them, does nothing and cuts a connection where the relay
// did: what the visitors suffer then is the machine's doing, which has to run them all on its processors.
//
//   --only RE        attacks whose name fits; all by default
//   --seconds 1      of each window
//   --rounds 2
//   --interval 2     between two requests of a visitor [ms]
//   --threads 2      of the relay
//   --connections 8  of the attacker, where the attack is not made of many
//   --cuts 20        --max-address-cuts of the relay; without it, this machine's addresses are exempt

import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startCluster } from '../tests/lib/cluster.js';
import { startCrowd } from '../tests/lib/crowd.js';
import { atExit, exited, start } from '../tests/lib/process.js';
import { BINARY, startRelay } from '../tests/lib/relay.js';
import { ATTACKS } from './lib/attacks.js';
import { cpuSeconds, nowNs, options, percentile, sayWhere, table } from './lib/bench.js';

const given = options({ only: '', seconds: 1, rounds: 2, interval: 2, threads: 2, connections: 8, cuts: '' });
const program = (name) => join(dirname(BINARY), 'bench', name);
const place = mkdtempSync(join(tmpdir(), 'pgcrier-attack-'));
atExit(() => rmSync(place, { recursive: true, force: true }));

// A program that answers a line by a line, and ends with its input.
function converse(name, args, wrapper = []) {
  const [command, ...rest] = [...wrapper, program(name), ...args.map(String)];
  const child = start(command, rest, { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const hear = async () => {
    const { value, done } = await lines.next();
    if (done) throw new Error(`${name} is gone`);
    return value;
  };
  return {
    child, hear,
    ask: async () => { child.stdin.write('\n'); return JSON.parse(await hear()); },
    stop: async () => { child.stdin.end(); await exited(child); },
  };
}

async function startSink(octets) {
  const sink = converse('sink', [octets, given.threads]);
  return { port: Number(await sink.hear()), stop: sink.stop };
}

function prepare(attack) {
  return attack.texts.map(({ head, body }, i) => {
    const file = join(place, `text${i}`);
    writeFileSync(file, Buffer.concat([head, body]));
    return `${file}:${head.length}`;
  });
}

// Attacks a port until stop(), which says what came of it.
function startAttacker(attack, port, files) {
  const address = `127.0.1.${1 + Object.values(ATTACKS).indexOf(attack)}`; // its own: what another did counts for that one
  const flags = [...(attack.deaf ? ['-d'] : []), ...(attack.single ? ['-b'] : []), '-e', attack.end, '-a', address];
  const attacker = converse('attacker', [...flags, port, attack.connections ?? given.connections, ...files], ['nice', '-n', '19']);
  return async () => {
    attacker.child.stdin.end();
    const report = JSON.parse(await attacker.hear());
    await exited(attacker.child);
    return report;
  };
}

// What a window's clients saw: [ms].
class Scene {
  constructor(relay, cluster, crowd, writer) { Object.assign(this, { relay, cluster, crowd, writer, n: 0 }); }

  static async start(cluster) {
    writeFileSync(join(place, 'small'), 'x'.repeat(300));
    writeFileSync(join(place, 'big'), 'x'.repeat(30_000_000));
    symlinkSync('/etc/passwd', join(place, 'link'));
    const cuts = given.cuts === '' ? [] : ['--max-address-cuts', given.cuts];
    const relay = await startRelay({ database: cluster.url({ user: 'relay' }), args: ['--threads', String(given.threads), '--public', place, ...cuts] });
    const crowd = await startCrowd(`${relay.url}/state`, { readers: 1 });
    await crowd.all();
    const scene = new Scene(relay, cluster, crowd, await cluster.connect());
    scene.port = Number(new URL(relay.url).port);
    scene.visitors = ['/state', '/small'].map((path) => converse('visitor', [scene.port, path, given.interval * 1000, 2 * given.threads]));
    return scene;
  }

  async write(until) {
    const commits = [];
    while (nowNs() < until) {
      const began = nowNs();
      await this.writer.query({ name: 'write', text: 'update state set n = $1', values: [this.n += 1] });
      commits.push({ n: this.n, began });
      await sleep(15 + Math.random() * 10);
    }
    return commits;
  }

  async window() {
    await Promise.all(this.visitors.map((visitor) => visitor.ask()));
    const [cpu, began, heard] = [await cpuSeconds(this.relay.pid), nowNs(), this.crowd.alls.length];
    const commits = await this.write(began + given.seconds * 1e9);
    const [documents, files] = await Promise.all(this.visitors.map((visitor) => visitor.ask()));
    const share = (await cpuSeconds(this.relay.pid) - cpu) / ((nowNs() - began) / 1e9);
    await this.crowd.all((event) => event.data.startsWith(`{"n" : ${this.n}}`));
    const first = new Map(this.crowd.alls.slice(heard).map((event) => [Number(event.data.match(/\d+/)), event.first_ns]));
    const events = commits.filter(({ n }) => first.has(n)).map(({ n, began: at }) => (first.get(n) - at) / 1e3);
    return { documents, files, events, share };
  }

  async attacked(attack, port, files) {
    const stop = startAttacker(attack, port, files);
    await sleep(50);
    const result = await this.window();
    return { ...result, ...await stop() };
  }

  async stop() {
    await Promise.all(this.visitors.map((visitor) => visitor.stop()));
    await this.writer.end();
    await this.crowd.stop();
    await this.relay.stop();
  }
}

const KINDS = ['documents', 'files', 'events'];

async function measure(scene, attack) {
  const windows = { calm: [], attacked: [], control: [] };
  const files = prepare(attack);
  for (let round = 0; round < given.rounds; round += 1) {
    windows.calm.push(await scene.window());
    const attacked = await scene.attacked(attack, scene.port, files);
    windows.attacked.push(attacked);
    await sleep(300);
    const sink = await startSink(attacked.cut ? Math.max(1, Math.round(attacked.octets / attacked.opened)) : 0);
    windows.control.push(await scene.attacked(attack, sink.port, files));
    await sink.stop();
    await sleep(100);
  }
  return windows;
}

const p = (windows, kind, percent) => percentile(windows.flatMap((window) => window[kind]), percent) / 1000;
const mean = (windows, what) => windows.reduce((sum, window) => sum + window[what], 0) / windows.length;

function row(name, { calm, attacked, control }) {
  const cells = KINDS.flatMap((kind) => {
    const [quiet, busy, machine] = [calm, attacked, control].map((windows) => p(windows, kind, 99));
    return [p(calm, kind, 50).toFixed(2), quiet.toFixed(2), busy.toFixed(2), (busy / quiet).toFixed(1), (machine / quiet).toFixed(1)];
  });
  return [name, ...cells, Math.round(mean(attacked, 'cut') / given.seconds), `${Math.round(mean(attacked, 'share') * 100)} %`];
}

const cluster = await startCluster();
try {
  await cluster.sql(`
    create table state (n integer not null);
    insert into state values (0);
    grant select on state to relay;
    create function state_document() returns json language plpgsql stable security definer set search_path = public, pg_temp
      as $$ begin return (select json_build_object('n', n) from state); end $$;
    select crier.live('/state', 'state_document()', min_interval => '0');
    select crier.watch('state', '/state')`);
  sayWhere();
  const scene = await Scene.start(cluster);
  const rows = [['attack', ...KINDS.flatMap((kind) => [kind.slice(0, 3), 'p99', 'att.', 'ratio', 'sink']), 'cut/s', 'CPU']];
  for (const [name, attack] of Object.entries(ATTACKS)) {
    if (!new RegExp(given.only).test(name)) continue;
    rows.push(row(name, await measure(scene, attack)));
    console.log(rows.at(-1).join('  '));
  }
  table(rows);
  await scene.stop();
} finally {
  await cluster.stop();
}
