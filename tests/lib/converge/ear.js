// ear.js -- listens to the database itself, beside the relay.
//
// Notifications arrive in the order of commits. So the inline documents of one key must never go back
// among themselves, whatever a relay makes of them: each was built under the key's lock, after all
// before it could be seen. (What was built without a lock the relay would find out by the snapshots;
// nobody else would.) An ear that loses its session listens anew.

import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Document, oneLine } from './model.js';

export const FORGED = '0'.repeat(64);
const INLINE = '{"signature":"';

export class Ear {
  constructor({ world, checker, counts }) {
    Object.assign(this, { world, checker, counts, name: 'ear', ofKey: new Map() });
  }

  // How many of a key.
  heard(key) { return this.ofKey.get(key)?.count ?? 0; }

  start() { this.running = this.run(); }

  async stop() {
    this.stopped = true;
    await this.client?.end().catch(() => {});
    await this.running;
  }

  async run() {
    while (!this.stopped) {
      try {
        await this.listen();
      } catch { /* the database is away */ }
      await sleep(100);
    }
  }

  async listen() {
    this.client = await this.world.cluster.connect({ application_name: 'ear' });
    const ended = new Promise((resolve) => this.client.once('end', resolve));
    this.client.on('notification', ({ payload }) => this.hear(payload));
    await this.client.query('listen crier');
    await ended;
  }

  hear(payload) {
    if (!payload.startsWith(INLINE) || payload.startsWith(FORGED, INLINE.length)) return;
    this.counts.add('inline notifications heard');
    const { key } = JSON.parse(payload);
    const text = payload.slice(payload.indexOf('"document":') + '"document":'.length, -1);
    const { clocks } = Document.of(key).claims(text);
    if (!this.ofKey.has(key)) this.ofKey.set(key, { count: 0, clocks: new Map() });
    const known = this.ofKey.get(key);
    known.count += 1;
    this.checker.checkClocks(known.clocks, clocks, { observer: this.name, key, text: oneLine(text) });
  }
}
