// faults.js -- what goes wrong in between, drawn from the seed.
//
//   const faults = new Faults({ world, random, counts, checker });
//   await faults.round(ms)     weather on both links, and faults one after another for so long
//   faults.heal()              the links are good again; what lost bytes stays lost
//   faults.patience            how long the relay may need from then on to notice the last of it [ms]
//   faults.log                 what was done when
//
// Every kind comes once before any comes again, the long ones (those that the relay can notice only by
// its own deadlines) once in a while.

import { setTimeout as sleep } from 'node:timers/promises';
import { until, within } from '../until.js';

const LISTENER = `application_name = 'pgcrier listener'`;
const READING = `application_name = 'pgcrier' and state = 'active' and query like '%crier.read(%'`;
const USUAL_PATIENCE_MS = 15_000;
const LONG_PATIENCE_MS = 40_000;

export class Faults {
  constructor({ world, checker, random, counts }) {
    Object.assign(this, { world, checker, random, counts });
    this.log = [];
    this.queue = [];
    this.patience = USUAL_PATIENCE_MS;
  }

  get cluster() { return this.world.cluster; }
  get links() { return this.world.links; }

  note(what) { this.log.push(`${new Date().toISOString().slice(11, 23)} ${what}`); }

  // ---- kinds ----------------------------------------------------------------------------------------

  kinds() {
    return {
      'PostgreSQL restarted fast': () => this.cluster.restart('fast'),
      'PostgreSQL restarted immediate': () => this.cluster.restart('immediate'),
      'LISTEN backend terminated': () => this.signal(LISTENER, 'pg_terminate_backend'),
      'LISTEN backend killed, all recover': () => this.crash(),
      'reads terminated': () => this.reads('pg_terminate_backend'),
      'reads cancelled': () => this.reads('pg_cancel_backend'),
      'listen link cut': () => this.links.listen.cut(),
      'pool link cut': () => this.links.pool.cut(),
      'listen link black-holed, then cut': () => this.hole(this.links.listen),
      'pool link black-holed, then cut': () => this.hole(this.links.pool),
      'both links down': () => this.refuse(),
      'relay killed': () => this.world.restartRelay('SIGKILL', this.random.below(400)),
      'relay drained': () => this.world.restartRelay('SIGTERM', this.random.below(400)),
      'relay stopped and continued': () => this.freeze(),
      'route declared anew': () => this.declare(),
    };
  }

  longKinds() {
    return {
      'listen link black-holed until the canary is missed': () => this.loseLink(this.links.listen),
      'pool link black-holed until the deadline': () => this.loseLink(this.links.pool),
    };
  }

  // pg_terminate_backend or pg_cancel_backend; how many were hit.
  async signal(whom, how) {
    const rows = await this.cluster.sql(`select ${how}(pid) from pg_stat_activity where ${whom}`);
    return rows.length;
  }

  async crash() {
    const [backend] = await this.cluster.backends(LISTENER);
    if (!backend) return;
    // Until the postmaster has noticed, and ends all sessions, it looks as if it had recovered already.
    const witness = await this.cluster.connect();
    const ended = new Promise((resolve) => { witness.once('end', resolve); });
    process.kill(backend.pid, 'SIGKILL');
    await within(ended, 'postgres has noticed', 60_000);
    await until(() => this.cluster.ready(), { limit: 60_000, what: 'postgres has recovered' });
  }

  // In the middle of a read, for a while.
  async reads(how) {
    const end = performance.now() + 700;
    while (performance.now() < end) {
      const hit = await this.signal(READING, how);
      this.counts.add(`reads hit by ${how}`, hit);
      await sleep(this.random.between(20, 120));
    }
  }

  async hole(link) {
    link.blackHole();
    await sleep(this.random.between(200, 2000));
    link.pass();
    link.cut();
  }

  async refuse() {
    for (const link of Object.values(this.links)) link.refuse();
    await sleep(this.random.between(100, 1500));
    for (const link of Object.values(this.links)) link.pass();
  }

  async loseLink(link) {
    link.blackHole();
    await sleep(1000);
    link.pass();
    this.patience = LONG_PATIENCE_MS;
  }

  async freeze() {
    this.world.relay.signal('SIGSTOP');
    await sleep(this.random.between(300, 2500));
    this.world.relay.signal('SIGCONT');
  }

  // The same function with another interval: streams must not notice.
  async declare() {
    await this.cluster.sql(`select crier.live('/api/board/{board}', 'model.board(integer)', reread => '1 day',
      min_interval => '${this.random.between(10, 90)} ms')`);
  }

  // ---- rounds ---------------------------------------------------------------------------------------

  next() {
    if (this.queue.length === 0) this.queue = this.random.shuffle(Object.entries(this.kinds()));
    return this.queue.shift();
  }

  async cause([name, act]) {
    this.note(name);
    this.counts.add(`faults: ${name}`);
    try {
      await act();
    } catch (error) { // such as a statement on a connection that the fault before has broken
      this.note(`${name}: ${error.message}`);
      this.counts.add('faults that met another one');
    }
    this.note('… done');
  }

  async round(ms, { long = false } = {}) {
    const end = performance.now() + ms;
    this.patience = USUAL_PATIENCE_MS;
    this.links.listen.delay(this.random.pick([0, 0, 20, 100, 250]));
    this.links.pool.delay(this.random.pick([0, 0, 0, 5, 25]));
    this.note(`delays: listen ${this.links.listen.delayMs} ms, pool ${this.links.pool.delayMs} ms`);
    for (;;) {
      await sleep(Math.min(this.random.between(300, 1500), Math.max(0, end - performance.now())));
      if (performance.now() >= end || this.checker.violations.length > 0) break;
      await this.cause(this.next());
    }
    // Last, or the next fault would show what the relay has to find out for itself.
    if (long) await this.cause(this.random.pick(Object.entries(this.longKinds())));
  }

  heal() {
    for (const link of Object.values(this.links)) link.pass();
    this.note('healed');
  }
}
