// browser.js -- Chromium, and pages that tell what went wrong in them.
//
//   const browser = await startBrowser();
//   const page = await browser.open(url, { width: 390, colorScheme: 'dark' });
//   page.complaints                      errors and warnings of its console, failed requests
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

class Browser {
  constructor(chrome) {
    this.chrome = chrome;
  }

  async open(url, { width = 1100, height = 900, ...options } = {}) {
    const page = await this.chrome.newPage({ viewport: { width, height }, reducedMotion: 'reduce', ...options });
    page.setDefaultTimeout(patient(DEFAULT_LIMIT_MS));
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
