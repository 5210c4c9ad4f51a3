// systemd's protocol: what a supervisor hears of a relay, and doc/pgcrier.service.

import { ok, strictEqual } from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { startApp } from '../lib/app.js';
import { ROOT } from '../lib/cluster.js';
import { start } from '../lib/process.js';
import { runRelay } from '../lib/relay.js';
import { until } from '../lib/until.js';

const app = await startApp({ relay: false });

// Node knows no datagram sockets of Unix; perl, which Debian always has, does.
async function listener(name) {
  const child = start('perl', ['-MSocket', '-e', `$| = 1; socket(S, AF_UNIX, SOCK_DGRAM, 0); bind(S, pack_sockaddr_un("\\0${name}")) or die;
    print "open\\n"; while (defined(recv(S, $m, 100, 0))) { print "$m\\n" }`]);
  after(() => child.kill());
  const heard = [];
  createInterface({ input: child.stdout }).on('line', (line) => heard.push(line));
  await until(() => heard[0] === 'open');
  return heard;
}

test('READY=1 when it can serve, WATCHDOG=1 while it turns, STOPPING=1 when it drains', async () => {
  const name = `pgcrier-test-${process.pid}`;
  const heard = await listener(name);
  const relay = await app.startRelay({ env: { NOTIFY_SOCKET: `@${name}`, WATCHDOG_USEC: '200000' } });
  await until(() => heard.includes('READY=1'));
  ok(heard.indexOf('READY=1') >= 0);
  const count = () => heard.filter((line) => line === 'WATCHDOG=1').length;
  await until(() => count() >= 5);
  // P11: one that hangs is silent.
  relay.signal('SIGSTOP');
  await until(async () => { const before = count(); await sleep(300); return count() === before; });
  const before = count();
  relay.signal('SIGCONT');
  await until(() => count() > before + 2);
  strictEqual((await relay.stop()).code, 0);
  await until(() => heard.at(-1) === 'STOPPING=1' || heard.includes('STOPPING=1'));
});

test('not ready, not told so', async () => {
  const name = `pgcrier-test-b-${process.pid}`;
  const heard = await listener(name);
  const relay = await app.startRelay({ database: 'postgresql://relay@127.0.0.1:1/test', wait: false, env: { NOTIFY_SOCKET: `@${name}` } });
  await relay.hears(/listening on/);
  await relay.stop();
  await until(() => heard.includes('STOPPING=1'));
  ok(!heard.includes('READY=1'));
});

test('the unit starts the program with an option that it has, and gives it more time to stop than it takes', async () => {
  const unit = readFileSync(join(ROOT, 'doc', 'pgcrier.service'), 'utf8');
  const value = (name) => unit.match(new RegExp(`^${name}=(.*)$`, 'm'))[1];
  const { output } = await runRelay(['--help']);
  for (const option of value('ExecStart').match(/--[a-z-]+/g)) ok(output.includes(`${option} `), option);
  ok(Number(value('TimeoutStopSec')) > 10);
  strictEqual(value('Type'), 'notify');
  ok(Number(value('WatchdogSec')) >= 5);
});
