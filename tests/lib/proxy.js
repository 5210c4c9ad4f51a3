// proxy.js -- a TCP proxy that misbehaves when told to.
//
//   const proxy = await startProxy({ port: cluster.port });
//   proxy.port                     connect here instead
//   proxy.blackHole()              swallows bytes both ways; connections stay open; new ones too
//   proxy.cut()                    resets every connection; new ones work
//   proxy.refuse()                 resets every connection, and new ones at once
//   proxy.refuseQueries()          lets clients of PostgreSQL log in, and resets who asks more, in a pipeline
//   proxy.delay(300)               every piece arrives that many ms later, in order
//   proxy.pass()                   back to normal for new connections and for those that lost nothing
//   await proxy.stop()
//
// A connection that lost bytes in a black hole stays in it: going on would be a broken protocol, which
// is not what a network does.

import net from 'node:net';
import { atExit } from './process.js';
import { reset } from './socket.js';

const PARSE = 0x50; // 'P', as which the first message of a pipeline begins

class Link {
  constructor(proxy, near) {
    this.proxy = proxy;
    this.near = near;
    this.far = net.connect({ host: proxy.target.host ?? '127.0.0.1', port: proxy.target.port, noDelay: true });
    near.setNoDelay(true);
    this.lost = false;
    this.queue = [];
    this.toFar = 0;
    this.toNear = 0;
    this.carry(near, this.far, 'toFar');
    this.carry(this.far, near, 'toNear');
    for (const [end, other] of [[near, this.far], [this.far, near]]) {
      end.on('error', () => {});
      end.once('close', () => {
        if (!this.silent()) this.later(() => other.destroySoon());
        if (other.destroyed) proxy.links.delete(this);
      });
    }
  }

  silent() { return this.lost || this.proxy.mode === 'black hole'; }

  carry(from, to, count) {
    from.on('data', (piece) => {
      if (count === 'toFar' && this.proxy.mode === 'refuse queries' && piece[0] === PARSE) { this.reset(); return; }
      if (this.silent()) { this.lost = true; return; }
      this[count] += piece.length;
      this.later(() => {
        if (to.destroyed || this.silent()) return;
        if (!to.write(piece)) { from.pause(); to.once('drain', () => from.resume()); }
      });
    });
    from.once('end', () => { if (!this.silent()) this.later(() => to.end()); });
  }

  // In order even when the delay shrinks: what came later waits behind what came earlier. Timers of
  // their own would not keep it, nor would doing at once what is due while an earlier timer is late.
  later(action) {
    this.queue.push({ due: performance.now() + this.proxy.delayMs, action });
    this.pump();
  }

  pump() {
    while (this.queue.length > 0 && this.queue[0].due <= performance.now()) this.queue.shift().action();
    if (this.queue.length === 0 || this.timer !== undefined) return;
    this.timer = setTimeout(() => {
      this.timer = undefined;
      this.pump();
    }, this.queue[0].due - performance.now());
  }

  reset() {
    reset(this.near);
    reset(this.far);
  }
}

class Proxy {
  constructor(target) {
    this.target = target;
    this.mode = 'pass';
    this.delayMs = 0;
    this.links = new Set();
    this.accepted = 0;
    this.server = net.createServer({ allowHalfOpen: true }, (socket) => this.accept(socket));
  }

  accept(socket) {
    this.accepted += 1;
    if (this.mode === 'refuse') { socket.on('error', () => {}); reset(socket); return; }
    this.links.add(new Link(this, socket));
  }

  get port() { return this.server.address().port; }
  pass() { this.mode = 'pass'; this.delayMs = 0; }
  blackHole() { this.mode = 'black hole'; }
  delay(ms) { this.delayMs = ms; }
  cut() { for (const link of [...this.links]) link.reset(); this.links.clear(); }
  refuseQueries() { this.mode = 'refuse queries'; }
  refuse() { this.mode = 'refuse'; this.cut(); }

  async stop() {
    this.cut();
    await new Promise((resolve) => this.server.close(resolve));
    this.forget();
  }
}

export async function startProxy(target) {
  const proxy = new Proxy(target);
  await new Promise((resolve, reject) => {
    proxy.server.once('error', reject);
    proxy.server.listen({ host: '127.0.0.1', port: 0 }, resolve);
  });
  proxy.forget = atExit(() => proxy.cut());
  return proxy;
}
