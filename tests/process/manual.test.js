// manual.test.js -- the manual page and --help speak of the same options.

import { test } from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../lib/cluster.js';
import { runRelay } from '../lib/relay.js';

test('the manual page has every option of --help, in its order, and no other', async () => {
  const { output } = await runRelay(['--help']);
  const inHelp = [...output.matchAll(/^ {2}(--[a-z-]+)/gm)].map(([, name]) => name);
  const page = readFileSync(join(ROOT, 'doc', 'pgcrier.1'), 'utf8').replaceAll('\\-', '-');
  const inPage = [...page.matchAll(/^\.BR "(--[a-z-]+)"/gm)].map(([, name]) => name);
  assert.ok(inHelp.length > 10);
  assert.deepEqual(inPage, inHelp);
});
