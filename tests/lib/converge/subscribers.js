// subscribers.js -- clients that keep a document open, each with a temper of its own.
//
//   steady    stays
//   churner   closes and comes back, mostly with the id it has seen
//   staller   stops reading for seconds
//   slow      reads few octets a second
//
// Like an EventSource they come back when a stream ends, and after 404 they ask again, as a page would
// that knows of the document. Everything received goes to the checker; what a relay must not do, the
// subscriber complains of itself: a stream that ends although the relay lives, an event sent twice,
// bytes that a browser would have to forgive.

import { setTimeout as sleep } from 'node:timers/promises';
import { openStream } from '../sse.js';

const COMMENTS = new Set(['', ' open', ' database away', ' database back']);
const OPEN_LIMIT_MS = 40_000;

export class Subscriber {
  constructor({ name, temper, document, world, checker, random, counts }) {
    Object.assign(this, { name, temper, document, world, checker, random, counts });
    this.clocks = new Map();
    this.text = undefined;    // of the newest document; kept over a reconnect
    this.id = undefined;      // of it
    this.missing = false;     // the last answer was 404
    this.calm = false;        // no tempers: stay, and read as fast as you can
    this.history = [];        // the last few things that happened, for reports
  }

  note(what) {
    this.history.push(`${new Date().toISOString().slice(14, 23)} ${what}`);
    if (this.history.length > 12) this.history.shift();
  }

  complain(what, details = {}) {
    this.checker.violation(what, { observer: this.name, key: this.document.key, ...details, history: this.history });
  }

  start() { this.running = this.run(); }

  async stop() {
    this.stopped = true;
    this.stream?.close();
    await this.running;
  }

  async run() {
    while (!this.stopped) {
      const epoch = this.world.epoch;
      try {
        const stream = await this.open();
        if (this.stopped) stream.close();
        else if (stream.status === 200) await this.follow(stream, epoch);
        else await this.refused(stream);
      } catch (error) {
        this.note(`error ${error.message}`);
        if (!this.stopped && !this.world.excuses(epoch)) this.complain(`a stream cannot be opened: ${error.message}`);
        this.counts.add('connections refused while the relay was away');
      }
      await sleep(this.random.between(20, 250));
    }
  }

  // Mostly with what it has; sometimes by the query, as one does who cannot set headers.
  open() {
    this.resumed = undefined;
    const url = this.world.url + this.document.path;
    this.counts.add('streams opened');
    if (this.id === undefined || this.random.chance(0.15)) {
      this.note('open');
      return openStream(url, { limit: OPEN_LIMIT_MS });
    }
    this.resumed = this.id;
    this.note(`resume ${this.id}`);
    this.counts.add('streams resumed by id');
    if (this.random.chance(0.7)) return openStream(url, { lastEventId: this.id, limit: OPEN_LIMIT_MS });
    return openStream(`${url}${url.includes('?') ? '&' : '?'}_last_event_id=${this.id}`, { limit: OPEN_LIMIT_MS });
  }

  async refused(stream) {
    this.note(`status ${stream.status}`);
    stream.response.resume();
    if (stream.status === 404 && this.document.mayBeMissing) {
      Object.assign(this, { missing: true, text: undefined, id: undefined });
      this.counts.add('404 while a document was gone');
    } else if (!this.world.relayAway) {
      this.complain(`a stream is answered with ${stream.status}, and a browser would give up for ever`);
    }
    await stream.ended;
  }

  async follow(stream, epoch) {
    this.stream = stream;
    this.missing = false;
    this.wasGone = false;
    this.away = false;
    this.sent = this.resumed;     // id of the newest document that this connection has
    this.checkHeaders(stream);
    const { parser } = stream;
    parser.onEvent = (event) => { parser.events.length = 0; this.onEvent(event); };
    parser.onComment = (comment) => { parser.comments.length = 0; this.onComment(comment); };
    for (const comment of parser.comments.splice(0)) this.onComment(comment);
    for (const event of parser.events.splice(0)) this.onEvent(event);
    this.behave(stream);
    const { how } = await stream.ended;
    this.stream = undefined;
    this.note(`ended: ${how}`);
    if (parser.complaints.length > 0) this.complain(`malformed stream: ${parser.complaints}`);
    if (stream.retry === undefined && how === 'end') this.complain('no retry');
    if (stream.closedByUs || this.stopped || this.wasGone) return;
    if (!this.world.excuses(epoch)) this.complain(`the stream was dropped (${how}) though the relay lives`);
    else if (how === 'end') this.counts.add('streams drained');
    else this.counts.add('streams broken with the relay');
  }

  checkHeaders({ headers }) {
    const wanted = { 'content-type': 'text/event-stream', 'cache-control': 'no-cache, no-transform', vary: 'Accept', 'x-accel-buffering': 'no' };
    for (const [name, value] of Object.entries(wanted)) {
      if (headers[name] !== value) this.complain(`header ${name} is ${headers[name]}`);
    }
  }

  onComment(comment) {
    if (comment !== '') this.note(`:${comment}`);
    if (!COMMENTS.has(comment)) this.complain('unknown comment', { comment });
    if (comment === ' database back' && !this.away) this.complain('the database is back but was not away');
    if (comment === ' database away' && this.away) this.complain('the database went away twice');
    if (comment.startsWith(' database')) this.away = comment === ' database away';
    this.counts.add('comments');
  }

  onEvent({ type, data, id, ownId }) {
    if (this.wasGone) this.complain('an event after gone', { type, data });
    if (type === 'gone') {
      this.counts.add('events gone');
      this.note('gone');
      this.wasGone = true;
      if (!this.document.mayBeMissing) this.complain('gone, but the document is there');
      return;
    }
    this.counts.add('events');
    this.note(`event ${id} of ${data.length} characters`);
    if (type !== this.document.event) this.complain(`an event of type ${type}`, { data });
    if (ownId !== id) this.complain('an event without an id of its own', { data });
    if (id === this.sent) this.complain('an unchanged document is sent again', { id, data });
    this.sent = id;
    this.id = id;
    this.text = data;
    this.receivedAt = performance.now();
    this.checker.observe(this, this.document, id, data);
  }

  close(stream) {
    stream.closedByUs = true;
    stream.close();
  }

  // Lives its temper until the stream is over.
  async behave(stream) {
    if (this.temper === 'steady') return;
    while (!stream.over && !this.stopped) {
      await sleep(this.temper === 'slow' ? 50 : this.random.between(100, 2500));
      if (stream.over || this.stopped || this.calm) continue;
      if (this.temper === 'churner') {
        this.counts.add('streams closed by clients');
        this.close(stream);
        return;
      }
      await this.pause(stream);
    }
  }

  async pause(stream) {
    stream.response.pause();
    if (this.temper === 'slow') {
      await sleep(250); // in between it takes what one chunk brings: some 64 KiB
    } else {
      this.counts.add('stalls');
      const until = performance.now() + this.random.between(300, 3000);
      while (performance.now() < until && !this.calm && !this.stopped) await sleep(50);
    }
    stream.response.resume();
  }
}
