// attack.js -- what every attack has to leave behind: a relay that lives, served others meanwhile, is idle
// within 2 s, and has its memory back.
//
// How long others wait, and how long it goes on, is measured in what the relay works meanwhile: a second of
// its processors' time is one on any machine, however busy with something else. (bench/attack takes the time.)
//
//   await attack(relay, '/api/notes/1', async () => { … });      with another client beside it
//   await unharmed(relay, async () => { … });                     without

import { ok, strictEqual } from 'node:assert/strict';
import http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { SANITIZED } from './relay.js';
import { patient, until, within } from './until.js';

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

// Runs it and returns what it returns; idle and memory are as before, soon after.
export async function unharmed(relay, run) {
  await until(() => idle(relay), { what: 'idle before' });
  const memory = await relay.memory();
  const result = await run();
  const after = await relay.cpu();
  await until(() => idle(relay), { what: 'idle again' });
  ok(await relay.cpu() - after < patient(2), 'within 2 s');
  if (!SANITIZED) {
    await until(async () => await relay.memory() - memory < 16 * MIB, { what: `memory is back to ${memory >> 20} MiB`, every: 100 });
  }
  ok(!relay.result, 'the relay lives');
  return result;
}

export function attack(relay, path, run) {
  return unharmed(relay, async () => {
    const times = [];
    let over = false;
    const beside = (async () => {
      while (!over) {
        const began = await relay.cpu();
        strictEqual(await within(ask(`${relay.url}${path}`), 'an answer to another client'), 200);
        times.push(await relay.cpu() - began);
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
    ok(most < patient(1) && slowest < patient(5), `another client waited for ${most} s of work, at worst ${slowest} s`);
  });
}
