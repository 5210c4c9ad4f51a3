// axe.js -- what the accessibility checker axe-core finds in a page as it is now.
//
//   assert.deepEqual(await violations(page), []);
//
// It is evaluated through the debugger, which no Content-Security-Policy forbids.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const SOURCE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

export async function violations(page) {
  await page.evaluate(`${SOURCE}; undefined`);
  const { violations: found } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }));
  return found.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map((node) => node.target.join(' ')).join(', ')}`);
}
