// doc/faults.md is true: every fault has a line, and the tests that a line names are named after it.

import { test } from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../lib/cluster.js';

const lines = readFileSync(join(ROOT, 'doc', 'faults.md'), 'utf8').split('\n')
  .filter((line) => /^\| [A-Z]\d\d \|/.test(line))
  .map((line) => {
    const [number, what, does, tests] = line.split(/(?<!\\)\|/).slice(1, -1).map((cell) => cell.trim());
    return { number, what, does, tests: tests.split(', ').filter(Boolean) };
  });

test('F01 to F50 have a line each, and no number has two', () => {
  const numbers = lines.map(({ number }) => number);
  assert.equal(new Set(numbers).size, numbers.length);
  for (let n = 1; n <= 50; n += 1) assert.ok(numbers.includes(`F${String(n).padStart(2, '0')}`), `F${n}`);
});

test('every line says what happens, what pgcrier does, and where that is tested, or why not', () => {
  for (const { number, what, does, tests } of lines) {
    assert.ok(what && does, number);
    assert.ok(tests.length > 0 || /Not (applicable|tested|stopped)/.test(does), `${number}: no test`);
    for (const name of tests) {
      const file = `${name}${name.startsWith('unit/') ? '.c' : '.test.js'}`;
      const source = readFileSync(join(ROOT, 'tests', file), 'utf8');
      assert.ok(new RegExp(`\\b${number}\\b`).test(source), `${file} has no test of ${number}`);
    }
  }
});
