// world.js -- a cluster, a relay, and the two links between them, each through a proxy.
//
//   const world = await createWorld(random);
//   world.url                      where clients go; the same over a restart of the relay
//   world.links.listen  .pool      proxies: of the LISTEN connection, of the reads
//   await world.restartRelay('SIGKILL', 200)
//   const was = world.epoch;  …  world.excuses(was)      whether the relay went away since
//   await world.destroy()

import { setTimeout as sleep } from 'node:timers/promises';
import { startCluster } from '../cluster.js';
import { freePort } from '../process.js';
import { startProxy } from '../proxy.js';
import { startRelay } from '../relay.js';
import { installModel } from './model.js';

const RELAY_OPTIONS = ['--threads', '2', '--pool', '3', '--query-timeout', '2s', '--heartbeat', '700ms'];
const SETTINGS = { deadlock_timeout: '60ms', synchronous_commit: 'on', log_min_messages: 'fatal' };

class World {
  get url() { return `http://127.0.0.1:${this.port}`; }

  // A client that sees its connection die is right to be surprised unless this says otherwise.
  excuses(epoch) { return this.relayAway || epoch !== this.epoch; }

  async startRelay() {
    this.relay = await startRelay({
      database: this.cluster.tcpUrl({ user: 'relay', port: this.links.pool.port }),
      listen: [`127.0.0.1:${this.port}`],
      args: ['--listen-database', this.cluster.tcpUrl({ user: 'relay', port: this.links.listen.port }), ...RELAY_OPTIONS],
    });
    const { relay } = this;
    relay.exit.then(({ code, signal }) => { if (relay === this.relay && !this.relayAway) this.onRelayDeath(code ?? signal); });
  }

  async restartRelay(signal, pause) {
    this.relayAway = true;
    await this.relay.stop(signal);
    this.oldLines = this.relay.lines;
    await sleep(pause);
    await this.startRelay();
    this.epoch += 1;
    this.relayAway = false;
  }

  // The relay's own words, of the last two processes.
  log() {
    return [...(this.oldLines ?? []), '-- restarted --', ...this.relay.lines].slice(-60).join('\n');
  }

  async destroy() {
    this.relayAway = true;
    try {
      this.relay?.signal('SIGCONT');
      await this.relay?.stop('SIGTERM');
    } finally {
      await Promise.all(Object.values(this.links).map((link) => link.stop()));
      await this.cluster.stop();
    }
  }
}

export async function createWorld() {
  const world = new World();
  world.epoch = 0;
  world.relayAway = false;
  world.onRelayDeath = () => {};
  world.links = {};
  world.cluster = await startCluster({ settings: SETTINGS });
  try {
    installModel(world.cluster);
    const { port } = world.cluster;
    world.links = { listen: await startProxy({ port }), pool: await startProxy({ port }) };
    world.port = await freePort();
    await world.startRelay();
  } catch (error) { // or the server keeps the process alive, and nobody is told
    await world.destroy();
    throw error;
  }
  return world;
}
