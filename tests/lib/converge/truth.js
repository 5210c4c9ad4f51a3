// truth.js -- what must hold when writers rest: everybody has what the database holds.
//
//   const truth = new Truth({ world, checker, counts, documents, everybody: () => subscribers });
//   const wanted = await truth.quiesce(15_000)    waits for it so long [ms], then tells who does not have it
//   await truth.compareAnswers(wanted)            and so does GET
//
// What was seen is compared with the history when everybody has the newest state, and not before: a client
// that was starved still reads states from its socket that were right in their time, and the history of
// them goes with that comparison. Who has the newest has read all that came before it.

import { setTimeout as sleep } from 'node:timers/promises';
import { ask } from './callers.js';
import { oneLine } from './model.js';

export class Truth {
  constructor({ world, checker, counts, documents, everybody }) {
    Object.assign(this, { world, checker, counts, documents, everybody, longest: 0 });
  }

  get wrong() { return this.checker.violations.length > 0; }

  // Calls with a connection to the database that nothing is between.
  async ask(question) {
    const client = await this.world.cluster.connect();
    try { return await question(client); } finally { await client.end(); }
  }

  direct() {
    return this.ask(async (client) => {
      await client.query("set timezone = 'UTC'");
      const texts = new Map();
      for (const { key, direct } of [...this.documents, ...this.everybody().map(({ document }) => document)]) {
        if (texts.has(key)) continue;
        const { rows: [row] } = await client.query(direct);
        const [text] = Object.values(row);
        texts.set(key, text === null ? undefined : oneLine(text));
      }
      return texts;
    });
  }

  strays(wanted) {
    return this.everybody().filter(({ document, text, missing }) => {
      const right = wanted.get(document.key);
      return right === undefined ? !missing : missing || text !== right;
    });
  }

  async quiesce(limit) {
    const began = performance.now();
    const wanted = await this.direct();
    while (this.strays(wanted).length > 0 && performance.now() - began < limit && !this.wrong) await sleep(20);
    if (!this.wrong) this.tellStrays(wanted, limit);
    this.longest = Math.max(this.longest, performance.now() - began);
    await this.ask((client) => this.checker.settle(client));
    this.counts.add('documents compared at rest', this.everybody().length);
    return wanted;
  }

  tellStrays(wanted, limit) {
    for (const stray of this.strays(wanted)) {
      stray.complain(`not converged ${limit} ms after the last write`, {
        has: stray.missing ? 'nothing, 404' : stray.text ?? 'nothing yet', wanted: wanted.get(stray.document.key) ?? 'nothing, NULL',
      });
    }
  }

  // What GET says is the same, byte for byte.
  async compareAnswers(wanted) {
    const observer = { name: 'comparison', clocks: new Map() };
    for (const document of this.documents) {
      const answer = await ask(this, document, observer);
      if (answer && answer.text !== wanted.get(document.key)) {
        this.checker.violation('GET differs from the direct query', { key: document.key, status: answer.status, has: answer.text ?? 'nothing', wanted: wanted.get(document.key) ?? 'nothing' });
      }
    }
    this.counts.add('documents compared at rest', this.documents.length);
  }
}
