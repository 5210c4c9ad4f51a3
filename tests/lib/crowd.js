// crowd.js -- thousands of readers of one event stream, in a process of their own (crowd.c).
//
//   const crowd = await startCrowd(`${relay.url}/doc`, { readers: 1000, sleepers: 100, from: ['127.0.0.2'] });
//   await crowd.all((event) => event.data.includes('17'))   when all readers had that event:
//                                                           { id, data, octets, count, first_ns, last_ns }
//   await crowd.report()   { answers: { 200: 1000 }, failed, reading, sleeping, ended, cut, events, now: [{ id, count }] }
//   With sequence: true the data are `SENDER NUMBER`; the report has a `sequence`, and alls stays empty.
//   crowd.alls             every event that all readers had, in order
//   await crowd.stop()      crowd.close() does not wait
//
// The program is the one of the same build as the relay.

import { createInterface } from 'node:readline';
import { dirname, join } from 'node:path';
import { exited, isExecutable, start } from './process.js';
import { BINARY } from './relay.js';
import { until, within } from './until.js';

const CROWD = join(dirname(BINARY), 'tests', 'lib', 'crowd');

class Crowd {
  constructor(args) {
    if (!isExecutable(CROWD)) throw new Error(`${CROWD} is missing: make`);
    this.alls = [];
    this.asked = [];
    this.child = start(CROWD, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.exit = exited(this.child).then((result) => { this.result = result; return result; });
    createInterface({ input: this.child.stdout }).on('line', (line) => this.hear(JSON.parse(line)));
  }

  hear(message) {
    if (message.what === 'all') this.alls.push(message);
    else this.asked.shift()(message);
  }

  get pid() { return this.child.pid; }

  // The first event that fits and that every reader has had.
  all(fits = () => true, { limit, what = `all readers have had ${fits}` } = {}) {
    return until(() => {
      if (this.result) throw new Error('the crowd is gone');
      return this.alls.find(fits);
    }, { limit, what, every: 5 });
  }

  report() {
    const answer = new Promise((resolve) => this.asked.push(resolve));
    this.child.stdin.write('report\n');
    return within(answer, 'report of the crowd');
  }

  close() { this.child.kill(); }

  async stop() {
    this.child.stdin.end('quit\n');
    await within(this.exit, 'the crowd goes home');
  }
}

export async function startCrowd(url, { readers, sleepers = 0, from = [], sequence = false }) {
  const { host, pathname, search } = new URL(url);
  return new Crowd([...(sequence ? ['-s'] : []), host, pathname + search, String(readers), String(sleepers), ...from]);
}
