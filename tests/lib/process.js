// process.js -- what the tests start, and that it never outlives them.
//
// Every child gets a parent-death signal (setpriv), so that even a test killed by SIGKILL leaves no
// server behind; every clean-up registered with atExit() runs once, also after a signal.

import { execFileSync, spawn } from 'node:child_process';
import { accessSync, constants, readFileSync } from 'node:fs';
import { createServer } from 'node:net';

const LOWEST_PORT = 10_000;
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

// Ports that the kernel does not give to outgoing connections: the larger part of what lies below its
// range, or above.
function portRange() {
  const [low, high] = readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').trim().split(/\s+/).map(Number);
  return low - LOWEST_PORT > 65_535 - high ? [LOWEST_PORT, low - 1] : [high + 1, 65_535];
}

// Whether this can be listened on.
function listens(server, where) {
  return new Promise((resolve) => {
    server.once('error', () => resolve(false));
    server.listen({ ...where, exclusive: true }, () => resolve(true));
  });
}

// A port that stays ours to the end, also while nobody listens on it, as over a restart: an abstract Unix
// socket named after it is held, which tells the other tests of this machine and leaves nothing behind.
export async function freePort() {
  const [low, high] = portRange();
  for (;;) {
    const port = low + Math.floor(Math.random() * (high - low + 1));
    const claim = createServer().unref();
    if (!await listens(claim, { path: `\0pgcrier-test-port-${port}` })) continue;
    const probe = createServer();
    const free = await listens(probe, { host: '127.0.0.1', port });
    await new Promise((resolve) => { probe.close(resolve); });
    if (free) return port;
    claim.close();
  }
}

export function isExecutable(path) {
  try { accessSync(path, constants.X_OK); return true; } catch { return false; }
}

export function userIds(name) {
  const id = (flag) => Number(execFileSync('id', [flag, name], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}
