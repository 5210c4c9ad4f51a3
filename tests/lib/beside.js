// beside.js -- a client who behaves, on a thread of its own: what a test does cannot slow it down.
//
//   const good = await startBeside(relay, '/api/notes/1');    // asks again and again, over HTTP/2
//   const { answers, slowest } = await good.stop();           // any answer but 200 is an error
//
// The slowest answer is the one for which the relay worked longest, in seconds of its processors' time: that is
// the same on any machine, however busy with something else.

import { readFileSync } from 'node:fs';
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect2 } from './h2.js';

export async function startBeside({ url, pid }, path) {
  const worker = new Worker(new URL(import.meta.url), { workerData: { url: `${url}${path}`, pid } });
  const next = () => new Promise((resolve, reject) => { worker.once('message', resolve); worker.once('error', reject); });
  await next();
  return {
    async stop() {
      const result = next();
      worker.postMessage('stop');
      return result;
    },
  };
}

function worked(pid) {
  const [user, system] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ').slice(11, 13).map(Number);
  return (user + system) / 100;
}

async function ask(client, path, result) {
  const began = worked(workerData.pid);
  const { status } = await client.get(path);
  if (status !== 200) throw new Error(`status ${status}`);
  result.slowest = Math.max(result.slowest, worked(workerData.pid) - began);
  result.answers += 1;
}

if (!isMainThread && parentPort) {
  const { origin, pathname } = new URL(workerData.url);
  const result = { answers: 0, slowest: 0 };
  let over = false;
  parentPort.once('message', () => { over = true; });
  const client = await connect2(origin);
  await ask(client, pathname, result);
  parentPort.postMessage('began');
  while (!over) {
    await ask(client, pathname, result);
    await sleep(10);
  }
  client.close();
  parentPort.postMessage(result);
}
