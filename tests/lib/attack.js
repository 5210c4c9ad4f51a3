// attack.js -- what every attack has to leave behind: a relay that lives, served others meanwhile, is idle
// within 2 s, and has its memory back.
//
//   await attack(relay, '/api/notes/1', async () => { … });

import { ok, strictEqual } from 'node:assert/strict';
import http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { SANITIZED } from './relay.js';
import { patient, until } from './until.js';

const MIB = 1 << 20;

function ask(url) {
  return new Promise((resolve, reject) => {
    http.get(url, { agent: false }, (response) => { response.resume(); response.once('end', () => resolve(response.statusCode)); }).once('error', reject);
  });
}

// Idle: less than a tenth of a processor.
async function idle(relay) {
  const before = await relay.cpu();
  await sleep(200);
  return await relay.cpu() - before <= 0.02;
}

export async function attack(relay, path, run) {
  await until(() => idle(relay), { what: 'idle before' });
  const memory = await relay.memory();
  const times = [];
  let over = false;
  const beside = (async () => {
    while (!over) {
      const began = performance.now();
      strictEqual(await ask(`${relay.url}${path}`), 200);
      times.push(performance.now() - began);
      await sleep(15);
    }
  })();
  try {
    await run();
  } finally {
    over = true;
    await beside;
  }
  // This process is the attacker, too, and slow itself while it attacks.
  times.sort((a, b) => a - b);
  const [most, slowest] = [times[Math.floor(times.length * 0.9)], times.at(-1)];
  ok(most < patient(1000) && slowest < patient(5000), `another client waited ${most} ms, at worst ${slowest} ms`);
  await until(() => idle(relay), { limit: 2000, what: 'idle again within 2 s' });
  if (!SANITIZED) {
    await until(async () => await relay.memory() - memory < 16 * MIB, { what: `memory is back to ${memory >> 20} MiB`, every: 100 });
  }
  ok(!relay.result, 'the relay lives');
}
