// run.js -- the convergence test: writers, clients and faults in rounds; after each, everybody must
// hold what the database holds, and once more after last writes at the worst moments (endings.js).
//
//   const counts = await converge({ seed: 17, duration: 30_000, enough: (counts) => …, say: console.log });
//
// Throws with everything known when something did not hold. Chance comes from the seed, the
// interleaving does not: a seed that failed fails again most of the time, not always.

import { setTimeout as sleep } from 'node:timers/promises';
import { patient } from '../until.js';
import { Poller } from './callers.js';
import { Checker } from './checker.js';
import { Counts } from './counts.js';
import { Ear } from './ear.js';
import { Endings } from './endings.js';
import { Faults } from './faults.js';
import { BOARDS, Document, GATES, MARKED_BOARDS, SLOW_BOARDS, WATCHED_ITEMS } from './model.js';
import { Random } from './random.js';
import { Subscriber } from './subscribers.js';
import { Truth } from './truth.js';
import { createWorld } from './world.js';
import { Writer } from './writers.js';

const WRITERS = 8;
const POLLERS = 4;
const ROUND_MS = 4_500;
const MOST_EXTENSIONS = 3; // of the duration, where a loaded machine makes too little happen
const LONG_EVERY = 6; // rounds: a fault that takes the relay long to find out, and no endings

const upTo = (n) => Array.from({ length: n }, (_, i) => i + 1);
const TEMPERS = ['steady', 'churner', 'steady', 'churner', 'steady', 'staller'];

// [document, temper] of every subscriber.
function audience() {
  const tempered = (documents) => documents.map((document, i) => [document, TEMPERS[i % TEMPERS.length]]);
  return [
    ...upTo(BOARDS).map((board) => [new Document('board', board), 'steady']),
    ...upTo(3).map((board) => [new Document('board', board, `/api/board/00${board}`), 'churner']),
    ...tempered(upTo(SLOW_BOARDS).map((board) => new Document('slow', board))),
    ...tempered(upTo(WATCHED_ITEMS).map((item) => new Document('item', item))),
    ...tempered([{}, { limit: 6 }, { from: 9, limit: 8 }, { from: 20 }].map((given) => new Document('list', given))),
    [new Document('list', { from: 9, limit: 8 }, '/api/list?limit=08&from=09'), 'churner'],
    ...tempered(upTo(MARKED_BOARDS).map((board) => new Document('marks', board))),
    ...tempered(upTo(2).map((board) => new Document('scraps', board))),
    ...tempered(upTo(GATES).map((gate) => new Document('gate', gate))),
    ...upTo(12).map((board) => [new Document('quick', board), 'steady']),
    ...tempered(upTo(8).map((board) => new Document('both', board))),
    ...upTo(MARKED_BOARDS).map((board) => [new Document('tally', board), 'steady']),
    ...tempered([{}, { limit: 6 }, { from: 9, limit: 8 }].map((given) => new Document('brief', given))),
    ...['slow', 'slow', 'staller', 'steady'].map((temper, i) => [new Document('bulk', i + 1), temper]),
  ];
}

class Run {
  constructor({ seed, duration, enough, say }) {
    Object.assign(this, { seed, duration, enough, say, random: new Random(seed), counts: new Counts(), checker: new Checker() });
  }

  async start() {
    const { random, counts, checker } = this;
    this.world = await createWorld();
    const common = { world: this.world, checker, counts };
    this.world.onRelayDeath = (how) => checker.violation(`the relay died (${how})`, { said: this.world.log() });
    this.faults = new Faults({ ...common, random: random.fork('faults') });
    this.endings = new Endings({
      ...common, random: random.fork('endings'), invite: (document) => this.invite(document),
      all: () => this.subscribers, heard: (key) => this.ear.heard(key),
    });
    this.subscribers = audience().map(([document, temper], i) => new Subscriber({
      ...common, name: `subscriber ${i + 1} (${temper})`, temper, document, random: random.fork(`subscriber ${i}`),
    }));
    this.guests = [];
    this.documents = [...new Map(this.subscribers.map(({ document }) => [document.key, document])).values()];
    this.writers = upTo(WRITERS).map((number) => new Writer({ ...common, number, random: random.fork(`writer ${number}`) }));
    this.ear = new Ear(common);
    this.pollers = upTo(POLLERS).map((i) => new Poller({
      ...common, name: `poller ${i}`, documents: this.documents, random: random.fork(`poller ${i}`),
    }));
    this.truth = new Truth({ ...common, documents: this.documents, everybody: () => [...this.subscribers, ...this.guests] });
    for (const actor of this.actors()) actor.start();
  }

  actors() { return [...this.subscribers, ...this.guests, ...this.writers, ...this.pollers, this.ear]; }

  // Somebody who comes for the end of a round.
  invite(document) {
    const { world, checker, counts, random } = this;
    const guest = new Subscriber({ world, checker, counts, name: 'guest', temper: 'steady', document, random: random.fork(document.key) });
    this.guests.push(guest);
    guest.start();
    return guest;
  }

  // ---- rest -------------------------------------------------------------------------------------------

  // Nobody writes, and nobody asks: only what the relay was told can make it right.
  async rest() {
    for (const subscriber of this.subscribers) subscriber.calm = true;
    await Promise.all([...this.writers, ...this.pollers].map((actor) => actor.pause()));
    this.faults.heal();
  }

  async goOn() {
    await Promise.all(this.guests.splice(0).map((guest) => guest.stop()));
    for (const subscriber of this.subscribers) subscriber.calm = false;
    for (const actor of [...this.writers, ...this.pollers]) actor.resume();
  }

  get wrong() { return this.checker.violations.length > 0; }

  // ---- rounds ---------------------------------------------------------------------------------------

  async round(number) {
    const long = number % LONG_EVERY === this.longRound;
    await this.goOn();
    await this.faults.round(ROUND_MS, { long });
    await this.rest();
    const patience = patient(this.faults.patience);
    let wanted = await this.truth.quiesce(patience);
    if (!long && !this.wrong) { // or LISTEN is found to be lost later, and that repairs it all
      await this.endings.play();
      wanted = await this.truth.quiesce(patience);
    }
    if (!this.wrong) await this.truth.compareAnswers(wanted);
    await this.countInline();
    this.counts.add('rounds');
    const took = Math.round(this.truth.longest);
    this.say(`round ${number}: ${this.counts.get('transactions: committed')} transactions committed, ${this.counts.get('events')} events, `
      + `${this.counts.sum('faults: ')} faults, converged in at most ${took} ms`);
    if (this.wrong) throw new Error(this.report());
  }

  // What relays made of inline notifications; what one counted that was replaced in this round is lost.
  async countInline() {
    const { relay } = this.world;
    for (const [name, n] of await relay.metrics()) {
      const [, outcome] = name.match(/^pgcrier_inline_total\{.*?="(.*?)"/) ?? [];
      if (outcome === undefined) continue;
      this.counts.add(`inline: ${outcome}`, n - (this.counted?.relay === relay ? this.counted[outcome] ?? 0 : 0));
      this.counted = { ...(this.counted?.relay === relay ? this.counted : { relay }), [outcome]: n };
    }
  }

  async play() {
    const end = performance.now() + this.duration;
    const latest = end + MOST_EXTENSIONS * this.duration;
    const goesOn = () => performance.now() < end || (!this.enough(this.counts) && performance.now() < latest);
    this.longRound = this.random.below(LONG_EVERY);
    for (let number = 1; goesOn(); number += 1) await this.round(number);
    this.counts.add('documents checked', this.checker.documents);
    this.counts.add('states compared with the history', this.checker.states);
  }

  report() {
    const { violations } = this.checker;
    return [`seed ${this.seed}: ${violations.length} violations`, ...violations.slice(0, 8), '', 'faults:', ...this.faults.log.slice(-30),
      '', 'relay:', this.world.log(), '', String(this.counts)].join('\n');
  }

  async finish() {
    const stopping = (this.subscribers ? this.actors() : []).map((actor) => actor.stop());
    this.faults?.heal();
    await Promise.all(stopping);
    await this.world?.destroy();
  }
}

export async function converge({ seed, duration, enough = () => true, say = () => {} }) {
  const run = new Run({ seed, duration, enough, say });
  say(`seed ${seed}`);
  try {
    await run.start();
    await run.play();
  } finally {
    await run.finish();
  }
  if (run.wrong) throw new Error(run.report());
  return run.counts;
}
