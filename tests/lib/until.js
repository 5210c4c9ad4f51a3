// until.js -- wait for a condition, never for a time.
//
// until(condition) calls the condition until it returns something truthy, and returns that. A
// condition that throws counts as not yet true; what it threw last is told when time runs out.
// PGCRIER_PATIENCE multiplies every time limit (sanitizer builds, loaded machines). A limit is never used
// up at one go: when this process was kept from looking, for however long, that counts as an eighth of it.

import { setTimeout as sleep } from 'node:timers/promises';

const PATIENCE = Number(process.env.PGCRIER_PATIENCE ?? 1);
export const DEFAULT_LIMIT_MS = 40_000; // less than the 45 s after which a document is read in any case
const LOOKS = 8; // at least so many before anybody gives up

export const patient = (ms) => ms * PATIENCE;

export async function until(condition, { limit = DEFAULT_LIMIT_MS, every = 15, what } = {}) {
  let left = patient(limit);
  let last;
  for (;;) {
    const began = performance.now();
    try {
      const value = await condition();
      if (value) return value;
      last = value;
    } catch (error) {
      last = error;
    }
    if (left <= 0) {
      const wanted = what ?? condition.toString();
      throw new Error(`still not after ${patient(limit)} ms: ${wanted}; last: ${describe(last)}`);
    }
    await sleep(every);
    left -= Math.min(performance.now() - began, patient(limit) / LOOKS);
  }
}

// The promise, or an error that says what did not happen in time.
export function within(promise, what, limit = DEFAULT_LIMIT_MS) {
  let timer;
  const late = new Promise((_, reject) => {
    let looks = 0;
    timer = setInterval(() => {
      looks += 1;
      if (looks > LOOKS) reject(new Error(`not within ${patient(limit)} ms: ${what}`));
    }, patient(limit) / LOOKS);
  });
  return Promise.race([promise, late]).finally(() => clearInterval(timer));
}

function describe(value) {
  if (value instanceof Error) return value.message;
  return JSON.stringify(value) ?? String(value);
}
