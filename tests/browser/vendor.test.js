// vendor.test.js -- what the pages load of others is what npm has, unchanged.

import { test } from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../lib/cluster.js';

const read = (...path) => readFileSync(join(ROOT, ...path), 'utf8');

const VENDORED = [
  ['htm', 'htm-preact.js', ['preact', 'standalone.module.js']],
  ['htm', 'htm-preact.LICENSE', ['LICENSE']],
  ['vue', 'vue.js', ['dist', 'vue.runtime.esm-browser.prod.js']],
  ['vue', 'vue.LICENSE', ['LICENSE']],
  ['bootstrap', 'bootstrap.css', ['dist', 'css', 'bootstrap.min.css']],
  ['bootstrap', 'bootstrap.LICENSE', ['LICENSE']],
];

for (const [name, file, original] of VENDORED) {
  test(`public/vendor/${file} is that of ${name}, at the pinned version`, () => {
    const pinned = JSON.parse(read('package.json')).devDependencies[name];
    assert.match(pinned, /^\d+\.\d+\.\d+$/);
    assert.equal(JSON.parse(read('node_modules', name, 'package.json')).version, pinned);
    assert.equal(read('public', 'vendor', file), read('node_modules', name, ...original));
  });
}

test('nothing else is vendored', () => {
  assert.deepEqual(readdirSync(join(ROOT, 'public', 'vendor')).sort(), [...VENDORED.map(([, file]) => file), 'README'].sort());
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
