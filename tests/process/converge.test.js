// converge.test.js -- the heart of it: whatever is written and whatever breaks, everybody ends up with
// what the database holds, has never seen time go back, and never anything that was not committed.
//
// tests/lib/converge/ is the machinery, from the model (model.sql) to what must hold (checker.js,
// subscribers.js). Each round of faults ends with last writes at the worst moments (endings.js), because
// a relay that forgets something is otherwise put right by the next change. Here it runs for a few seeds;
// `make soak DURATION=3600` goes on with others. PGCRIER_SEED runs one seed of your choice.

import { test } from 'node:test';
import assert from 'node:assert/strict';
import { converge } from '../lib/converge/run.js';

const SEEDS = process.env.PGCRIER_SEED ? [process.env.PGCRIER_SEED] : ['bell', 'drum'];
const DURATION_MS = 12_000;

// A run in which little happened proves nothing: it goes on until this much has.
const LEAST = {
  'transactions: committed': 100, 'transactions: rolled back': 5, 'transactions: 40001': 1,
  'steps: rolled back to a savepoint': 10, 'steps: taken back by an exception block': 5,
  'writes read back by GET': 15, 'streams resumed by id': 30, stalls: 4, 'faults: ': 5,
  'endings: while nobody listens': 5, 'endings: in the middle of a read': 1, 'endings: deleted': 1, 'endings: moved elsewhere': 1, 'endings: asked for behind a read': 1,
  'endings: before the topic was known': 1, 'endings: before the new topic was known': 1,
  'inline: applied': 20, 'disturbances: ': 10, 'changes: postponed': 3,
  'endings: across another commit': 2, 'endings: with the lock in use': 1, 'endings: together with another': 4, 'endings: inline during a read': 1,
  'endings: changed after it was built': 1, 'endings: forged': 1, 'endings: by a session with settings': 1,
};
const enough = (counts) => Object.entries(LEAST).every(([name, n]) => counts.sum(name) >= n);

for (const seed of SEEDS) {
  test(`P12: everybody converges, in order, on committed states only: seed ${seed}`, async (t) => {
    const counts = await converge({ seed, duration: DURATION_MS, enough, say: (line) => t.diagnostic(line) });
    for (const line of String(counts).split('\n')) t.diagnostic(line);
    const least = { ...LEAST, 'documents checked': 300, 'states compared with the history': 100, rounds: 1 };
    for (const [name, n] of Object.entries(least)) assert.ok(counts.sum(name) >= n, `${name}: ${counts.sum(name)}, at least ${n}`);
  });
}
