// writers.js -- sessions that change the model by random transactions.
//
// A transaction is a few steps at a random isolation level: plain ones, ones under a savepoint that is
// released or rolled back, ones in an exception block, ones that fail; then it is sealed and
// committed, or rolled back as a whole. What will be taken back carries the poison in its notes.
// Nothing is retried: every outcome is counted by its SQLSTATE. After a COMMIT that was answered, a GET
// must show the write.

import { setTimeout as sleep } from 'node:timers/promises';
import { ask } from './callers.js';
import { BOARDS, Document, GATES, MARKED_BOARDS, POISON } from './model.js';

const LEVELS = [...Array(4).fill('read committed'), 'repeatable read', 'serializable'];

// A writer's own settings must not show in any document.
const SETTINGS = [
  "set timezone = 'Asia/Kathmandu'", "set datestyle = 'German'", 'set extra_float_digits = -5',
  "set intervalstyle = 'iso_8601'", "set search_path = ''", "set standard_conforming_strings = on",
];

export class Writer {
  constructor({ number, random, world, checker, counts }) {
    Object.assign(this, { number, random, world, checker, counts });
    this.name = `writer ${number}`;
    this.clocks = new Map();
    this.serial = 0;
  }

  start() { this.running = this.run(); }

  async stop() {
    this.stopped = true;
    await this.running;
    await this.client?.end().catch(() => {});
  }

  // Waits until no transaction is under way; nothing begins before resume().
  async pause() {
    this.paused = true;
    while (this.busy) await sleep(5);
  }

  resume() { this.paused = false; }

  async run() {
    while (!this.stopped) {
      await sleep(this.random.below(120));
      if (this.paused) continue;
      this.busy = true;
      try {
        await this.session();
        const focus = this.board();
        await this.transaction(focus);
        if (this.random.chance(0.35)) { // and again, while the first one is still being read
          await sleep(this.random.below(60));
          await this.transaction(focus);
        }
      } catch (error) {
        this.lose(error);
      } finally {
        this.busy = false;
      }
    }
  }

  async session() {
    if (this.client) return;
    this.client = await this.world.cluster.connect({ statement_timeout: 8000, application_name: this.name });
    await this.client.query(this.random.pick(SETTINGS));
  }

  lose(error) {
    this.counts.add(`transactions: session lost (${error.code ?? 'no connection'})`);
    this.client?.end().catch(() => {});
    this.client = undefined;
    this.settleMarks('unknown');
  }

  // A few boards are hot, the others change rarely, so that what is missed there is not soon repaired.
  board() { return this.random.chance(0.4) ? this.random.between(1, 4) : this.random.between(1, BOARDS); }

  async transaction(focus) {
    const { random } = this;
    const level = random.pick(LEVELS);
    const doomed = random.chance(0.12);
    this.level = level;
    this.postpones = false;    // whether triggers of its own do something at the commit
    this.touched = new Map();  // clock -> what documents must show after COMMIT
    this.marks = [];
    try {
      await this.query(`begin isolation level ${level}`);
      for (let steps = random.between(1, 3); steps > 0; steps -= 1) {
        await this.step(steps === 1 ? focus : this.board(), doomed);
        if (random.chance(0.3)) await sleep(random.below(40));
      }
      if (doomed) await this.query('rollback');
      else await this.commit();
      this.counts.add(`transactions: ${doomed ? 'rolled back' : 'committed'}`);
      this.settleMarks(doomed ? 'rolled back' : 'committed');
    } catch (error) {
      if (!this.isAlive(error)) throw error;
      this.counts.add(`transactions: ${error.code}`);
      this.settleMarks('rolled back');
      await this.query('rollback');
      return;
    }
    if (!doomed && random.chance(0.5)) await this.readOwnWrite();
  }

  isAlive(error) {
    return error.code !== undefined && /^[0-9A-Z]{5}$/.test(error.code) && !/^(57P|08|XX|53)/.test(error.code) && error.severity === 'ERROR';
  }

  query(text) { return this.client.query(text); }

  async commit() {
    const { rows } = await this.query('select board, version::float8 as version from model.seal()');
    for (const { board, version } of rows) {
      const clock = `board ${board}`;
      this.touched.set(clock, { board, clock, least: version, kinds: ['board', 'slow', 'slow', 'list', 'quick', 'both', 'brief'] });
    }
    try {
      await this.query('commit');
    } catch (error) {
      if (this.isAlive(error) && this.level === 'read committed' && !this.postpones) {
        this.checker.violation(`a commit failed, and nothing of the writer's own can be why: ${error.code} ${error.message}`, { observer: this.name });
      }
      throw error;
    }
  }

  // Marks of an attempt that is known to have failed must never be seen.
  settleMarks(outcome) {
    for (const mark of this.marks ?? []) {
      if (mark.takenBack || outcome === 'rolled back') this.checker.rolledBackMarks.add(`${this.number}/${mark.number}`);
    }
    this.marks = [];
  }

  // ---- steps --------------------------------------------------------------------------------------

  async step(board, doomed) {
    const { random } = this;
    const kind = random.next();
    if (random.chance(0.12)) await this.disturb();
    if (kind < 0.62) {
      await this.query(this.change(board, doomed));
    } else if (kind < 0.72) {
      await this.savepoint(board, doomed, () => this.query('release savepoint a'));
    } else if (kind < 0.84) {
      await this.savepoint(board, true, () => this.query('rollback to savepoint a'));
      this.counts.add('steps: rolled back to a savepoint');
    } else if (kind < 0.92) {
      await this.query(`select model.caught($statement$${this.change(board, true)}$statement$)`);
      this.counts.add('steps: taken back by an exception block');
    } else if (kind < 0.98) {
      await this.query(`select model.alter(${board}, 2, ${this.salt()}, '${this.text(true)}')`);
      if (random.chance(0.5)) await sleep(random.below(20));
      await this.query(`select model.cleaned(${board}, '${this.text(false)}')`);
      this.counts.add('steps: overwritten before commit');
    } else {
      await this.query(this.change(board, true));
      await this.query('select 1 / 0');
    }
  }

  // What a writer may do in its session that must not matter to crier.
  async disturb() {
    const { random } = this;
    const [name, statement] = random.pick([
      ['set constraints all immediate', 'set constraints all immediate'],
      ['set constraints all deferred', 'set constraints all deferred'],
      ['reset all', 'reset all'],
      ['settings', random.pick(SETTINGS)],
      ['advisory lock', `select pg_advisory_xact_lock(${random.between(1, 3)})`],
      ['advisory lock of a document', `select pg_advisory_xact_lock(hashtextextended('/api/quick/${random.between(1, 12)}', 7165905))`],
      ['row lock', `select from model.boards where id = ${this.board()} for update`],
    ]);
    this.counts.add(`disturbances: ${name}`);
    await this.query(statement);
  }

  async savepoint(board, poisoned, end) {
    await this.query('savepoint a');
    await this.query(this.change(board, poisoned));
    if (this.random.chance(0.3)) {
      await this.query('savepoint b');
      await this.query(this.change(this.board(), true));
      await this.query('rollback to savepoint b');
    }
    if (this.random.chance(0.3)) await sleep(this.random.below(25));
    await end();
  }

  salt() { return this.random.below(1_000_000); }

  text(poisoned) { return `${poisoned ? POISON : 'note'} ${this.number}-${this.serial += 1}`; }

  // One statement that changes something.
  change(board, poisoned) {
    const { random } = this;
    const note = this.text(poisoned);
    const other = this.board();
    const few = random.between(1, 3);
    const changes = [
      [5, 'insert', () => `select model.add(${board}, ${few}, ${this.salt()}, '${note}')`],
      [1, 'insert many', () => `select model.add(${board}, 20, ${this.salt()}, '${note}')`],
      [5, 'update', () => `select model.alter(${board}, ${few}, ${this.salt()}, '${note}')`],
      [3, 'delete', () => `select model.remove(${board}, ${few}, ${this.salt()})`],
      [8, 'move', () => `select model.move(${board}, ${other}, ${few}, ${this.salt()})`],
      [2, 'move all', () => `select model.relocate(${board}, ${other}, '${note}')`],
      [3, 'upsert', () => `select model.upsert(${board}, ${few}, ${this.salt()}, '${note}')`],
      [3, 'merge', () => `select model.merge(${board}, ${few}, ${this.salt()}, '${note}')`],
      [2, 'partition', () => `select model.leaf(${board}, ${this.salt()}, '${note}')`],
      [4, 'mark', () => this.mark(note, poisoned)],
      [2, 'scraps', () => `select model.scrap(${random.between(1, 2)}, ${this.number * 1e9 + (this.serial += 1)}, ${few}, '${note}')`],
      [1, 'scraps deleted', () => `select model.unscrap(${random.between(1, 2)})`],
      [0.3, 'truncate', () => 'truncate model.scraps'],
      [3, 'postponed', () => this.postpone(board, note)],
      [2, 'gate', () => `select model.toggle(${random.between(1, GATES)}, '${note}')`],
    ];
    const total = changes.reduce((sum, [weight]) => sum + weight, 0);
    let at = random.next() * total;
    const [, name, make] = changes.find(([weight]) => (at -= weight) < 0) ?? changes[0];
    this.counts.add(`changes: ${name}`);
    return make();
  }

  postpone(board, note) {
    this.postpones = true;
    return `insert into model.postponed values (${board}, ${this.random.between(1, 3)}, ${this.salt()}, '${note}')`;
  }

  mark(note, poisoned) {
    const board = this.random.between(1, MARKED_BOARDS);
    const number = (this.serial += 1);
    this.marks.push({ number, takenBack: poisoned });
    const clock = `mark ${board}/${this.number}`;
    if (!poisoned) this.touched.set(clock, { board, clock, least: number, kinds: ['marks', 'tally'] });
    return `select model.mark(${board}, ${this.number}, ${number}, ${this.random.below(100)}, '${note}')`;
  }

  // ---- read your writes ---------------------------------------------------------------------------

  async readOwnWrite() {
    if (this.touched.size === 0) return;
    const { board, clock, least, kinds } = this.random.pick([...this.touched.values()]);
    const kind = this.random.pick(kinds);
    const document = new Document(kind, kind === 'list' || kind === 'brief' ? {} : board);
    const answer = await ask(this, document, this);
    if (answer?.status !== 200) return;
    this.counts.add('writes read back by GET');
    const shown = new Map(document.claims(answer.text).clocks).get(clock);
    if (!(shown >= least)) {
      this.checker.violation(`a GET after COMMIT shows ${clock} at ${shown}, not yet ${least}`, {
        observer: this.name, key: document.key, text: answer.text,
      });
    }
  }
}
