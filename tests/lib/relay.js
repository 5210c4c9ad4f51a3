// relay.js -- the program under test, as a user starts it.
//
//   const relay = await startRelay({ database: cluster.url({ user: 'relay' }), args: ['--pool', '2'] });
//   relay.url  relay.tlsUrl  relay.admin    'http://127.0.0.1:43211', as the relay itself said
//   relay.lines                             what it wrote to stderr
//   await relay.metrics()                   Map of 'name' or 'name{label="x"}' to number
//   await relay.metric('pgcrier_subscribers')
//   await relay.stop()                      SIGTERM; { code, signal }; relay.kill() is SIGKILL
//
// PGCRIER_BIN names another binary than build/pgcrier. A relay built with AddressSanitizer that found
// something exits with a status of its own, so stop() looks at it: a report is a failure even where
// no test looks.

import { createInterface } from 'node:readline';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ROOT } from './cluster.js';
import { exited, start } from './process.js';
import { get } from './sse.js';
import { DEFAULT_LIMIT_MS, until, within } from './until.js';

export const BINARY = process.env.PGCRIER_BIN ?? join(ROOT, 'build', 'pgcrier');
// A sanitizer keeps what is freed: its memory says nothing about the relay's.
export const SANITIZED = /asan/.test(BINARY);
const ASAN_STATUS = 99;

class Relay {
  constructor(args, env, { wrapper = [], stdio = [] } = {}) {
    this.args = args;
    this.lines = [];
    this.urls = [];
    const [program, ...rest] = [...wrapper, BINARY, ...args];
    this.child = start(program, rest, {
      env: { ...process.env, ASAN_OPTIONS: `exitcode=${ASAN_STATUS}:${process.env.ASAN_OPTIONS ?? ''}`, ...env },
      stdio: ['ignore', 'pipe', 'pipe', ...stdio],
    });
    this.exit = exited(this.child).then((result) => { this.result = result; return result; });
    this.output = '';
    this.child.stdout.on('data', (piece) => { this.output += piece; });
    this.read = new Promise((resolve) => {
      createInterface({ input: this.child.stderr }).on('line', (line) => this.hear(line)).once('close', resolve);
    });
  }

  hear(line) {
    this.lines.push(line);
    const [, what, url] = line.match(/^pgcrier: (listening|admin) on ([^\s,]+)/) ?? [];
    if (what === 'listening') this.urls.push(url);
    if (what === 'admin') this.admin = url;
  }

  get tlsUrl() { return this.urls.find((url) => url.startsWith('https:')); }
  get url() { return this.urls[0]?.replace(/\/\/(0\.0\.0\.0|\[::\])/, '//127.0.0.1'); }
  get pid() { return this.child.pid; }

  said(pattern) {
    return this.lines.some((line) => (pattern instanceof RegExp ? pattern.test(line) : line === pattern));
  }

  // Waits for a line; what the relay wrote is told when it ends before.
  async hears(pattern, limit) {
    await until(() => {
      if (this.said(pattern)) return true;
      throw new Error(`${this.result ? 'it ended; ' : ''}it said:\n${this.lines.join('\n')}`);
    }, { limit, what: `relay says ${pattern}` });
  }

  async ready(limit = DEFAULT_LIMIT_MS) {
    const ended = this.exit.then(async (result) => {
      await this.read;
      throw new Error(`pgcrier ${this.args.join(' ')} ended (${result.code ?? result.signal}):\n${this.lines.join('\n')}`);
    });
    ended.catch(() => {});
    await Promise.race([this.hears(/^pgcrier: ready$/, limit), ended]);
    return this;
  }

  async metrics() {
    const { text } = await get(`${this.admin}/metrics`);
    const values = text.split('\n').filter((line) => line && !line.startsWith('#'))
      .map((line) => { const space = line.lastIndexOf(' '); return [line.slice(0, space), Number(line.slice(space + 1))]; });
    return new Map(values);
  }

  // One value; without labels the sum over all of them. A name never exported is an error.
  async metric(name) {
    const all = await this.metrics();
    if (all.has(name)) return all.get(name);
    const parts = [...all].filter(([key]) => key.startsWith(`${name}{`));
    if (parts.length === 0) throw new Error(`no metric ${name}`);
    return parts.reduce((sum, [, value]) => sum + value, 0);
  }

  signal(name) { this.child.kill(name); }

  async stop(signal = 'SIGTERM', limit = DEFAULT_LIMIT_MS) {
    this.child.kill(signal);
    const result = await within(this.exit, `pgcrier ends after ${signal}:\n${this.lines.join('\n')}`, limit);
    await this.read;
    if (result.code === ASAN_STATUS) throw new Error(`sanitizer report:\n${this.lines.join('\n')}`);
    return result;
  }

  kill() { return this.stop('SIGKILL'); }

  // Seconds of processor time used so far.
  async cpu() {
    const stat = await readFile(`/proc/${this.pid}/stat`, 'utf8');
    const [user, system] = stat.slice(stat.lastIndexOf(')') + 2).split(' ').slice(11, 13).map(Number);
    return (user + system) / 100;
  }

  // Resident memory in octets; the most that there ever was.
  memory() { return this.resident('VmRSS'); }
  mostMemory() { return this.resident('VmHWM'); }

  async resident(name) {
    const status = await readFile(`/proc/${this.pid}/status`, 'utf8');
    return Number(status.match(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm'))[1]) * 1024;
  }
}

// database: a libpq URL; listen: addresses, a free port by default; wait: false returns at once; wrapper: a
// program that starts it, with its arguments; stdio: descriptors from 3 on.
export async function startRelay({
  database, listen = ['127.0.0.1:0'], admin = '127.0.0.1:0', args = [], env = {}, wait = true, wrapper, stdio,
} = {}) {
  const all = [
    ...(database === undefined ? [] : ['--database', database]),
    ...listen.flatMap((address) => ['--listen', address]),
    ...(admin ? ['--admin', admin] : []),
    ...args,
  ];
  const relay = new Relay(all, env, { wrapper, stdio });
  return wait ? relay.ready() : relay;
}

// Runs the program to its end with exactly these arguments: { code, lines, output }.
export async function runRelay(args, env = {}, limit = undefined) {
  const relay = new Relay(args, env);
  const { code, signal } = await within(relay.exit, `pgcrier ${args.join(' ')} ends`, limit);
  await relay.read;
  return { code, signal, lines: relay.lines, output: relay.output };
}
