// browser.js -- Chromium, and pages that tell what went wrong in them.
//
//   const browser = await startBrowser();
//   const page = await browser.open(url, { width: 390, colorScheme: 'dark' });
//   page.complaints                      errors and warnings of its console, failed requests
//   browser.open(url, { hold: [6000] })  what the page does after exactly so many milliseconds it does
//   await page.release()                 now; a mark that fades is there for as long as a test looks for it
//   browser.open(url, { intercept: true })   page.route is in force at once
//   await browser.picture(page, 'name')  build/screenshots/name.png
//   await browser.stop();

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { ROOT } from './cluster.js';
import { DEFAULT_LIMIT_MS, patient } from './until.js';

const PICTURES = join(ROOT, 'build', 'screenshots');
const ARGUMENTS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync', '--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream'];

function holdTimers(times) {
  const { setTimeout: after, clearTimeout: clear } = globalThis;
  const held = new Map();
  let last = 0;
  globalThis.setTimeout = (action, ms, ...values) => {
    if (!times.includes(ms)) return after(action, ms, ...values);
    last -= 1;
    held.set(last, () => action(...values));
    return last;
  };
  globalThis.clearTimeout = (id) => { if (!held.delete(id)) clear(id); };
  globalThis.releaseTimers = () => {
    const actions = [...held.values()];
    held.clear();
    for (const action of actions) action();
  };
}

class Browser {
  constructor(chrome) {
    this.chrome = chrome;
  }

  async open(url, { width = 1100, height = 900, hold, intercept, ...options } = {}) {
    const page = await this.chrome.newPage({ viewport: { width, height }, reducedMotion: 'reduce', ...options });
    page.setDefaultTimeout(patient(DEFAULT_LIMIT_MS));
    if (hold) await page.addInitScript(holdTimers, hold);
    // The first route of a page makes Chromium intercept what it asks, of which the page learns a moment
    // after we do: what it asked in between was answered by the relay.
    if (intercept) await page.route('**/nobody-asks-for-this', (route) => route.abort());
    page.release = () => page.evaluate(() => globalThis.releaseTimers());
    page.complaints = [];
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) page.complaints.push(message.text());
    });
    page.on('pageerror', (error) => page.complaints.push(String(error)));
    await page.goto(url);
    return page;
  }

  picture(page, name) {
    mkdirSync(PICTURES, { recursive: true });
    return page.screenshot({ path: join(PICTURES, `${name}.png`) });
  }

  stop() { return this.chrome.close(); }
}

export async function startBrowser() {
  const executablePath = process.env.PGCRIER_CHROMIUM ?? '/usr/bin/chromium';
  return new Browser(await chromium.launch({ executablePath, args: ARGUMENTS, timeout: patient(DEFAULT_LIMIT_MS) }));
}
