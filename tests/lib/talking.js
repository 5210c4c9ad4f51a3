// talking.js -- Talking as a reader meets it: a cluster with samples, a relay that speaks HTTP/2 over
// TLS on a port that it keeps over restarts, and Chromium with a microphone that beeps.
//
//   const talking = await startTalking();
//   const page = await talking.open('#/recordings/1', { colorScheme: 'dark' });
//   talking.psql('select 1')                      talking.closePages()   what their consoles said
//   await talking.relay.stop(); await talking.startRelay();              await talking.stop();
//
//   const talking = talkingForAll();     the same for all tests of a file, from the first of them to the last

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, afterEach, before } from 'node:test';
import { startBrowser } from './browser.js';
import { certificate } from './certificate.js';
import { ROOT, startCluster } from './cluster.js';
import { freePort } from './process.js';
import { startRelay } from './relay.js';

export const PHONE = { width: 390, height: 844 };
export const thread = (id) => `#/recordings/${id}`;
export const row = (page, id) => page.locator(`#recording-${id}`);

// Two seconds of sound: a tone that grows. A WAV needs no tool.
export function tone(seconds = 2, rate = 8000) {
  const samples = seconds * rate;
  const file = Buffer.alloc(44 + 2 * samples);
  file.write('RIFF', 0); file.writeUInt32LE(36 + 2 * samples, 4); file.write('WAVEfmt ', 8); file.writeUInt32LE(16, 16);
  file.writeUInt16LE(1, 20); file.writeUInt16LE(1, 22); file.writeUInt32LE(rate, 24); file.writeUInt32LE(2 * rate, 28);
  file.writeUInt16LE(2, 32); file.writeUInt16LE(16, 34); file.write('data', 36); file.writeUInt32LE(2 * samples, 40);
  for (let i = 0; i < samples; i += 1) file.writeInt16LE(Math.round(30_000 * (i / samples) * Math.sin(i / 3)), 44 + 2 * i);
  return { name: 'tone.wav', mimeType: 'audio/wav', buffer: file };
}

class Talking {
  pages = [];

  async start() {
    this.cluster = await startCluster();
    this.cluster.psql(['-f', join(ROOT, 'db', 'talking.sql')]);
    this.cluster.psql(['-f', join(ROOT, 'db', 'talking-sample.sql')]);
    await this.cluster.sql(`select crier.grant_relay('relay')`);
    this.certificate = certificate();
    this.port = await freePort();
    const browser = startBrowser().then((started) => { this.browser = started; });
    try { await this.startRelay(); } finally { await browser; }
    return this;
  }

  async startRelay() {
    const { cert, key } = this.certificate;
    this.relay = await startRelay({
      database: this.cluster.url({ user: 'relay' }),
      args: ['--public', join(ROOT, 'public'), '--tls-listen', `127.0.0.1:${this.port}`, '--tls-cert', cert, '--tls-key', key],
    });
  }

  get url() { return `https://127.0.0.1:${this.port}`; }

  psql(sql) { return this.cluster.psql(['-At', '-c', sql]).trim(); }

  async open(hash = '#/', options) {
    const page = await this.browser.open(`${this.url}/talking/${hash}`, { ignoreHTTPSErrors: true, ...options });
    this.pages.push(page);
    await page.waitForSelector('.state.live');
    return page;
  }

  async closePages() {
    const complaints = this.pages.flatMap((page) => page.complaints);
    await Promise.all(this.pages.splice(0).map((page) => page.close()));
    return complaints;
  }

  async stop() {
    try { await this.browser?.stop(); await this.relay?.stop(); } finally { await this.cluster?.stop(); }
  }
}

// One that cannot start leaves nothing behind, or the test would never end.
export async function startTalking() {
  const talking = new Talking();
  try {
    return await talking.start();
  } catch (error) {
    await talking.stop();
    throw error;
  }
}

// After each test its pages are closed, and must have had nothing to complain of.
export function talkingForAll() {
  const talking = new Talking();
  before(() => talking.start());
  after(() => talking.stop());
  afterEach(async () => assert.deepEqual(await talking.closePages(), [], 'nothing on any console'));
  return talking;
}
