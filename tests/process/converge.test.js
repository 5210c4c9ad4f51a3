// converge.test.js -- the heart of it: whatever is written and whatever breaks, everybody ends up with
// what the database holds, has never seen time go back, and never anything that was not committed.
//
// tests/lib/converge/ is the machinery, from the model (model.sql) to what must hold (checker.js,
// subscribers.js). Here it runs for a few seeds; `make soak DURATION=3600` goes on with others.
// PGCRIER_SEED runs one seed of your choice.

import { test } from 'node:test';
import assert from 'node:assert/strict';
import { converge } from '../lib/converge/run.js';

const SEEDS = process.env.PGCRIER_SEED ? [process.env.PGCRIER_SEED] : ['bell', 'drum', 'horn'];
const DURATION_MS = 24_000;

// A run in which little happened proves nothing: it goes on until this much has.
const LEAST = {
  'transactions: committed': 150, 'transactions: rolled back': 10, 'transactions: 40001': 1,
  'steps: rolled back to a savepoint': 20, 'steps: taken back by an exception block': 10,
  'writes read back by GET': 20, 'streams resumed by id': 50, stalls: 5, 'GET 304': 5, 'faults: ': 9,
};
const enough = (counts) => Object.entries(LEAST).every(([name, n]) => counts.sum(name) >= n);

for (const seed of SEEDS) {
  test(`everybody converges, in order, on committed states only: seed ${seed}`, async (t) => {
    const counts = await converge({ seed, duration: DURATION_MS, enough, say: (line) => t.diagnostic(line) });
    for (const line of String(counts).split('\n')) t.diagnostic(line);
    const least = { ...LEAST, 'documents checked': 500, 'states compared with the history': 200, rounds: 2 };
    for (const [name, n] of Object.entries(least)) assert.ok(counts.sum(name) >= n, `${name}: ${counts.sum(name)}, at least ${n}`);
  });
}
