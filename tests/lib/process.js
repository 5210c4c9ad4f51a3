// process.js -- what the tests start, and that it never outlives them.
//
// Every child gets a parent-death signal (setpriv), so that even a test killed by SIGKILL leaves no
// server behind; every clean-up registered with atExit() runs once, also after a signal.

import { execFileSync, spawn } from 'node:child_process';
import { accessSync, constants, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const cleanups = new Set();

export function atExit(cleanup) {
  cleanups.add(cleanup);
  return () => cleanups.delete(cleanup);
}

function runCleanups() {
  for (const cleanup of [...cleanups].reverse()) {
    try { cleanup(); } catch { /* the others must run too */ }
  }
  cleanups.clear();
}

process.on('exit', runCleanups);
for (const [signal, number] of [['SIGINT', 2], ['SIGTERM', 15], ['SIGHUP', 1]]) {
  process.on(signal, () => process.exit(128 + number));
}

// Starts a program that gets `deathSignal` when this process dies, as another user if root.
export function start(program, args, { user, deathSignal = 'TERM', ...options } = {}) {
  const wrapper = ['--pdeathsig', deathSignal];
  if (user && process.getuid() === 0) wrapper.push('--reuid', user, '--regid', user, '--clear-groups');
  return spawn('setpriv', [...wrapper, '--', program, ...args], { stdio: ['ignore', 'pipe', 'pipe'], ...options });
}

export function exited(child) {
  if (child.exitCode !== null || child.signalCode !== null) {
    return Promise.resolve({ code: child.exitCode, signal: child.signalCode });
  }
  return new Promise((resolve) => child.once('exit', (code, signal) => resolve({ code, signal })));
}

// Whether the port is this process's until its end. Between our look at it and its use, and while what uses it
// restarts, nobody listens there: a file tells the other tests. That of one that was killed stays: there are
// ports enough.
function reserve(port) {
  const file = join(tmpdir(), `pgcrier-port-${port}`);
  try { writeFileSync(file, '', { flag: 'wx' }); } catch { return false; }
  atExit(() => rmSync(file, { force: true }));
  return true;
}

// A port that stays ours over a restart: below the range from which the kernel takes the ports of
// outgoing connections, where a port given back would soon be somebody else's.
export async function freePort() {
  for (;;) {
    const port = 10_000 + Math.floor(Math.random() * 20_000);
    if (!reserve(port)) continue;
    const free = await new Promise((resolve) => {
      const probe = createServer();
      probe.once('error', () => resolve(false));
      probe.listen({ host: '127.0.0.1', port, exclusive: true }, () => probe.close(() => resolve(true)));
    });
    if (free) return port;
  }
}

export function isExecutable(path) {
  try { accessSync(path, constants.X_OK); return true; } catch { return false; }
}

export function userIds(name) {
  const id = (flag) => Number(execFileSync('id', [flag, name], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}
