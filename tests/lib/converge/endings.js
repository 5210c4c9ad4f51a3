// endings.js -- the last write of a document, at the worst moment for it.
//
// What a relay forgets is soon repaired by the next change of the same document, so chance alone rarely
// shows it. Here everybody else rests: each document gets one last write, placed exactly, and nothing
// ever follows that would make up for it. The places:
//
//   gap       while nobody listens: LISTEN refused, being connected, or not yet in force
//   middle    during a read, which therefore does not show it
//   learned   during the read that tells a mirror its topic, or another one than before
//   behind    during a read, and then asked for by GET
//   leaving   rows that leave a document: moved elsewhere or deleted
//   crossing  inline: built before, committed after another transaction that goes by reference
//   together  inline: two commits at once
//   held      inline, with the document's lock in somebody's hands
//   reading   inline, while a read of before is on its way
//   afterwards  inline, and changed again by a trigger that the writer put off behind the building
//   forged    inline, by anybody
//   abroad    inline, by a session with settings of its own
//
//   const endings = new Endings({ world, random, checker, counts, invite, all, heard });
//   await endings.play()      everybody has converged before, and must converge afterwards
//
// Reads of model.slow and model.item pass a gate, an advisory lock (model.gate_of_reads): who holds it
// stops them after their snapshot was taken. No board is written to by two scenes.

import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../until.js';
import { ask } from './callers.js';
import { FORGED } from './ear.js';
import { BOARDS, Document, MARKED_BOARDS, POISON, SLOW_BOARDS, WATCHED_ITEMS } from './model.js';

const SLOW = 1; // classes of gates, as in model.sql
const ITEM = 2;
const QUICK = 3;
const OTHERS_MARK = 98; // writers of marks that only endings have
const OWN_MARK = 99;
const GATE_LIMIT_MS = 4000; // documents that are to go inline must be known to be read, short and quick
const COMMIT_LIMIT_MS = 5000;
const LINGER_MS = 85; // a document that takes 100 ms does not go inline
const LOCKS = 7165905; // what crier.notify_inline hashes keys with
const GAP_DELAY_MS = 200;
const LISTENER = `application_name = 'pgcrier listener'`;

export class Endings {
  // invite(document): a subscriber of it, until the next round; all(): everybody who is there anyway;
  // heard(key): how many inline notifications the ear has heard of it.
  constructor({ world, random, checker, counts, invite, all, heard }) {
    Object.assign(this, { world, random, checker, counts, invite, all, heard, serial: 0, name: 'endings', clocks: new Map() });
  }

  async play() {
    this.client = await this.world.cluster.connect({ application_name: 'endings' });
    this.keeper = await this.world.cluster.connect({ application_name: 'keeper of the gates' });
    this.other = await this.world.cluster.connect({ application_name: 'other' });
    try {
      const slow = this.random.shuffle(boards(1, SLOW_BOARDS));
      const others = this.random.shuffle(boards(SLOW_BOARDS + 1, BOARDS));
      await this.gap(others.splice(0, 9));
      await this.middle(slow.splice(0, 2));
      await this.behind(slow.splice(0, 2), others.splice(0, 1));
      await this.leaving(slow.splice(0, 4), others);
      await this.learned();
      await this.inline();
    } finally {
      await Promise.all([this.client, this.keeper, this.other].map((client) => client.end()));
    }
  }

  // ---- tools ------------------------------------------------------------------------------------------

  count(what) { this.counts.add(`endings: ${what}`); }

  // One transaction; the version of the board after it, undefined when it did not change the board.
  async write(board, statement) {
    await this.client.query('begin');
    await this.client.query(statement);
    const { rows } = await this.client.query('select board, version::float8 as version from model.seal()');
    await this.client.query('commit');
    return rows.find((row) => row.board === board)?.version;
  }

  // An empty board, while no item is left to be put there, gets one of the fullest.
  async change(board) {
    const salt = this.random.below(1e6);
    return await this.write(board, `select model.upsert(${board}, 2, ${salt}, 'ending ${this.serial += 1}')`)
      ?? this.write(board, `select model.move(i.board, ${board}, 1, ${salt}) from model.items i group by i.board order by count(*) desc limit 1`);
  }

  shut(gateClass, id) { return this.keeper.query('select pg_advisory_lock($1, $2)', [gateClass, id]); }
  open(gateClass, id) { return this.keeper.query('select pg_advisory_unlock($1, $2)', [gateClass, id]); }

  // A read stands before the gate: it has its snapshot.
  arrived(gateClass, id) {
    return until(async () => {
      const { rows } = await this.keeper.query(`select from pg_locks where locktype = 'advisory' and not granted
        and classid = $1 and objid = $2`, [gateClass, id]);
      return rows.length > 0;
    }, { limit: 8000, every: 3 }).catch(() => {
      this.checker.violation('no read has begun after a change, or for a new stream', { gate: gateClass, id });
    });
  }

  // act() in the middle of the read that begin() causes. Returns whether it could be played: an empty
  // board has nothing to change.
  async during(gateClass, id, begin, act) {
    await this.shut(gateClass, id);
    try {
      if (await begin() === undefined) return false;
      if (!await this.arrived(gateClass, id)) return false;
      await act();
      return true;
    } finally {
      await this.open(gateClass, id);
    }
  }

  listening() {
    return until(async () => (await this.world.cluster.backends(`${LISTENER} and query like '%listen crier%'`)).length > 0,
      { limit: 20_000, every: 5, what: 'the relay listens again' });
  }

  connected() {
    return until(async () => (await this.world.cluster.backends(LISTENER)).length > 0,
      { limit: 20_000, every: 5, what: 'the listener is connected again' });
  }

  // ---- scenes -----------------------------------------------------------------------------------------

  async gap(list) {
    const { listen } = this.world.links;
    listen.refuse();
    for (const board of list.splice(0, 2)) await this.change(board);
    listen.pass();
    listen.delay(GAP_DELAY_MS); // LISTEN is sent that long after the session began, and again that long on its way
    await this.connected();
    await sleep(0.7 * GAP_DELAY_MS);
    for (const board of list) {
      if (await this.change(board) !== undefined) this.count('while nobody listens');
      await sleep(1.6 * GAP_DELAY_MS / list.length);
    }
    await this.listening();
    listen.delay(0);
    await sleep(3 * GAP_DELAY_MS); // what was under way with the delay has arrived
  }

  async middle(list) {
    for (const board of list) {
      if (await this.during(SLOW, board, () => this.change(board), () => this.change(board))) this.count('in the middle of a read');
    }
  }

  // Of a document that is watched, and of one that is only asked for.
  async behind(watched, asked) {
    for (const board of watched) await this.askBehind(board, () => this.change(board));
    for (const board of asked) await this.askBehind(board, () => { this.first = this.get(board); return true; });
    await this.first;
  }

  get(board) { return ask(this, new Document('slow', board), { name: 'endings', clocks: new Map() }); }

  async askBehind(board, begin) {
    let least, answer;
    await this.during(SLOW, board, begin, async () => {
      least = await this.change(board);
      answer = this.get(board);
      await sleep(50); // the request has arrived, most of the time
    });
    const { status, text } = await answer ?? {};
    if (status !== 200 || least === undefined) return;
    this.count('asked for behind a read');
    const { version } = JSON.parse(text);
    if (!(version >= least)) {
      this.checker.violation(`a GET after COMMIT shows version ${version} of board ${board}, not yet ${least}`, { key: `/api/slow/${board}`, text });
    }
  }

  // Of those that have rows, every other one; the first is deleted from.
  async leaving(sources, targets) {
    const { rows } = await this.client.query('select board from model.items where board = any ($1) group by board order by array_position($1, board)', [sources]);
    for (const [i, { board }] of rows.entries()) {
      const salt = this.random.below(1e6);
      if (i % 2 === 1) await this.write(board, `select model.move(${board}, ${this.random.pick(targets)}, 1, ${salt})`);
      else await this.write(board, `select model.remove(${board}, 1, ${salt})`);
      this.count(i % 2 === 1 ? 'moved elsewhere' : 'deleted');
    }
  }

  // Some item somewhere that nobody watches, or undefined.
  async item(where) {
    const { rows } = await this.client.query(`select item, board from model.places where board is not null and ${where}`);
    return rows.length === 0 ? undefined : this.random.pick(rows);
  }

  async learned() {
    const stranger = await this.item(`item > ${WATCHED_ITEMS}`);
    if (stranger) {
      const document = new Document('item', stranger.item);
      await this.during(ITEM, stranger.item, () => this.invite(document), () => this.change(stranger.board));
      this.count('before the topic was known');
    }
    const mover = await this.item(`item <= ${WATCHED_ITEMS}`);
    if (!mover) return;
    const target = 1 + (mover.board % BOARDS);
    const note = `'ending ${this.serial += 1}'`;
    await this.during(ITEM, mover.item, () => this.write(target, `select model.carry(${mover.item}, ${mover.board}, ${target})`),
      () => this.write(target, `select model.alter(${target}, 1, 7, ${note})`));
    this.count('before the new topic was known');
  }

  // ---- inline -----------------------------------------------------------------------------------------

  async inline() {
    const marked = this.random.shuffle(boards(1, MARKED_BOARDS));
    const quick = this.random.shuffle(boards(1, SLOW_BOARDS));
    for (const board of marked.splice(0, 2)) await this.crossing(board);
    await this.together(marked.pop());
    await this.held(quick.pop());
    await this.reading(quick.pop());
    await this.afterwards(quick.pop());
    await this.forged(quick.pop());
    await this.abroad(quick.pop());
  }

  // Whether the database would build the document at a commit; after faults it takes a moment to know.
  async goesInline(key) {
    try {
      return await until(async () => {
        const { rows } = await this.keeper.query('select from crier.inlined where key = $1', [key]);
        return rows.length > 0;
      }, { limit: GATE_LIMIT_MS, every: 20 });
    } catch {
      this.count('not inline');
      return false;
    }
  }

  mark(client, board, writer) {
    this.serial += 1;
    return client.query(`select model.mark(${board}, ${writer}, ${this.serial}, ${this.random.below(100)}, 'ending')`).then(() => this.serial);
  }

  // Everybody who reads the document has seen this much of it, by whatever way.
  shows(key, clock, least) {
    const readers = this.all().filter(({ document }) => document.key === key);
    return until(() => readers.every(({ text, document }) => text !== undefined && new Map(document.claims(text).clocks).get(clock) >= least),
      { what: `everybody sees ${clock} at ${least}` });
  }

  // Ours has its snapshot and is building; the other commits by reference, and everybody sees it; then ours
  // commits, with a document that lacks the other's.
  async crossing(board) {
    const key = `/api/tally/${board}`;
    if (!await this.goesInline(key)) return;
    for (let i = 0; i < 3; i += 1) {
      await this.client.query(`begin; set local model.linger = ${LINGER_MS / 1000}`);
      await this.mark(this.client, board, OWN_MARK);
      const committed = this.client.query('commit');
      await this.lingers();
      await this.other.query(`begin isolation level ${this.random.pick(['read committed', 'repeatable read'])}`);
      await this.mark(this.other, board, OTHERS_MARK);
      const number = this.serial;
      await this.other.query('commit');
      await Promise.all([committed, this.shows(key, `mark ${board}/${OTHERS_MARK}`, number)]);
      this.count('across another commit');
    }
  }

  lingers() {
    return until(async () => (await this.world.cluster.backends(`application_name = 'endings' and wait_event = 'PgSleep'`)).length > 0,
      { limit: LINGER_MS, every: 2 }).catch(() => {});
  }

  // A user may hold the very lock of a document, and wait for this writer: the commit must not wait.
  async held(board) {
    const key = `/api/quick/${board}`;
    if (!await this.goesInline(key)) return;
    await this.keeper.query('select pg_advisory_lock(hashtextextended($1, $2))', [key, LOCKS]);
    const before = this.heard(key);
    const changed = this.change(board);
    const late = Symbol('late');
    if (await Promise.race([changed, sleep(COMMIT_LIMIT_MS, late)]) === late) {
      this.checker.violation('a commit waits for the lock of a document', { key });
    }
    await this.keeper.query('select pg_advisory_unlock(hashtextextended($1, $2))', [key, LOCKS]);
    await changed;
    if (this.heard(key) > before) this.checker.violation('a document was built under another lock than this test knows', { key });
    this.count('with the lock in use');
  }

  // The ear hears whether one was built without the other.
  async together(board) {
    if (!await this.goesInline(`/api/tally/${board}`)) return;
    for (let i = 0; i < 8; i += 1) {
      await Promise.all([[this.client, OWN_MARK], [this.other, OTHERS_MARK]].map(async ([client, writer]) => {
        await sleep(this.random.below(20));
        await this.mark(client, board, writer);
      }));
      this.count('together with another');
    }
  }

  async reading(board) {
    const key = `/api/quick/${board}`;
    if (!await this.goesInline(key)) return;
    const begin = () => this.client.query('select crier.touch($1)', [key]);
    if (await this.during(QUICK, board, begin, () => this.change(board))) this.count('inline during a read');
  }

  // The document that is built first is of a state that is never committed.
  async afterwards(board) {
    if (!await this.goesInline(`/api/quick/${board}`)) return;
    const salt = this.random.below(1e6);
    await this.write(board, `select model.upsert(${board}, 2, ${salt}, 'not yet'); insert into model.postponed values (${board}, 3, ${salt}, 'afterwards')`);
    this.count('changed after it was built');
  }

  async forged(board) {
    const key = `/api/quick/${board}`;
    const { rows: [{ next }] } = await this.client.query('select pg_snapshot_xmax(pg_current_snapshot())::text::bigint + 1000 as next');
    const document = { board, version: 1e9, items: [{ id: 1, x: 1, note: POISON }] };
    const payload = { signature: FORGED, topic: key, key, others: [], xid: String(next), snapshot: `${next}:${next}:`, document };
    await this.client.query(`select pg_notify('crier', $1)`, [JSON.stringify(payload)]);
    this.count('forged');
  }

  async abroad(board) {
    if (!await this.goesInline(`/api/quick/${board}`)) return;
    await this.client.query(`set timezone = 'Asia/Kathmandu'; set datestyle = 'German'; set extra_float_digits = -5`);
    if (await this.change(board) !== undefined) this.count('by a session with settings');
    await this.client.query('reset all');
  }
}

function boards(from, to) { return Array.from({ length: to - from + 1 }, (_, i) => from + i); }
