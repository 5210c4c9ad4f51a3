// vendor.test.js -- what the pages load of others is what npm has, unchanged.

import { test } from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../lib/cluster.js';

const read = (...path) => readFileSync(join(ROOT, ...path), 'utf8');

test('public/vendor/htm-preact.js is htm\'s standalone module, at the pinned version', () => {
  const pinned = JSON.parse(read('package.json')).devDependencies.htm;
  assert.equal(JSON.parse(read('node_modules', 'htm', 'package.json')).version, pinned);
  assert.equal(read('public', 'vendor', 'htm-preact.js'), read('node_modules', 'htm', 'preact', 'standalone.module.js'));
});

test('the pages take nothing from anywhere else', () => {
  const pages = readdirSync(join(ROOT, 'public'), { recursive: true })
    .filter((name) => /\.(html|js|css)$/.test(name) && !name.startsWith('vendor'));
  assert.ok(pages.length > 5);
  for (const name of pages) {
    assert.doesNotMatch(read('public', name), /(https?:)?\/\/[a-z0-9-]+\.[a-z]/i, name);
    if (name.endsWith('.html')) assert.match(read('public', name), /Content-Security-Policy" content="default-src 'none';/, name);
    assert.doesNotMatch(read('public', name), /unsafe-|innerHTML|dangerouslySet|\beval\b/, name);
  }
});
