// callers.js -- clients that ask once: JSON by GET.
//
//   const answer = await ask(world, document, { etag });     checked as far as one answer can be
//   new Poller({ … }).start()                                 asks on and on; must never see time go back

import { setTimeout as sleep } from 'node:timers/promises';
import { get } from '../sse.js';
import { oneLine } from './model.js';

// Answers { status, id, text }; undefined when there was none, which only an absent relay excuses.
export async function ask({ world, checker, counts }, document, observer, known) {
  const epoch = world.epoch;
  const complain = (what, details) => checker.violation(what, { observer: observer.name, key: document.key, ...details });
  let answer;
  try {
    answer = await get(world.url + document.path, { headers: known ? { 'if-none-match': `"${known.id}"` } : {}, limit: 40_000 });
  } catch (error) {
    if (!world.excuses(epoch)) complain(`no answer to GET: ${error.message}`);
    return undefined;
  }
  counts.add(`GET ${answer.status}`);
  const id = answer.headers.etag?.slice(1, -1);
  if (answer.status === 200) {
    const text = oneLine(answer.text);
    if (known?.id === id) complain('If-None-Match was not seen', { id });
    checker.observe(observer, document, id, text);
    return { status: 200, id, text };
  }
  if (answer.status === 304 && known?.id === id) {
    checker.observe(observer, document, id, known.text);
    return { ...known, status: 304 };
  }
  if (answer.status === 404 && document.mayBeMissing) return { status: 404 };
  if (answer.status === 503 && answer.headers['retry-after']) return { status: 503 };
  if (!world.relayAway) complain(`GET is answered with ${answer.status}`, { body: answer.text, headers: answer.headers });
  return undefined;
}

export class Poller {
  constructor({ name, documents, random, ...rest }) {
    Object.assign(this, { name, documents, random, rest, clocks: new Map(), known: new Map() });
  }

  start() { this.running = this.run(); }

  async stop() {
    this.stopped = true;
    await this.running;
  }

  // Who asks makes the relay read, which would repair what it forgot.
  async pause() {
    this.paused = true;
    while (this.busy) await sleep(5);
  }

  resume() { this.paused = false; }

  async run() {
    while (!this.stopped) {
      if (!this.paused) {
        this.busy = true;
        await this.askOne().finally(() => { this.busy = false; });
      }
      await sleep(this.random.between(5, 120));
    }
  }

  async askOne() {
    const document = this.random.pick(this.documents);
    const answer = await ask(this.rest, document, this, this.random.chance(0.6) ? this.known.get(document.key) : undefined);
    if (answer?.id) this.known.set(document.key, answer);
  }
}
