// The convergence test's own judgement (tests/lib/converge/): a client that was starved, and reads late
// what was right in its time, is no violation; a state that is false, or that comes back when everybody has
// had a newer one, is.

import { deepStrictEqual, match, ok, strictEqual } from 'node:assert/strict';
import { after, beforeEach, test } from 'node:test';
import { Checker } from '../lib/converge/checker.js';
import { Counts } from '../lib/converge/counts.js';
import { Document } from '../lib/converge/model.js';
import { Random } from '../lib/converge/random.js';
import { Subscriber } from '../lib/converge/subscribers.js';
import { Truth } from '../lib/converge/truth.js';
import { createWorld } from '../lib/converge/world.js';
import { until } from '../lib/until.js';

const LIMIT_MS = 15_000;
const BOARD = 10;

const world = await createWorld();
after(() => world.destroy());
const list = new Document('list', { from: 9, limit: 8 });
const board = new Document('board', BOARD);

let checker, counts, subscribers, truth;

function subscribe(document, name) {
  const subscriber = new Subscriber({ world, checker, counts, document, name, temper: 'steady', random: new Random(name) });
  subscribers.push(subscriber);
  subscriber.start();
  return until(() => subscriber.text !== undefined && subscriber);
}

// Changes the board; what the list and the board are then.
async function change() {
  await world.cluster.sql(`begin; select model.upsert(${BOARD}, 2, 1, 'a note'); select model.seal(); commit`);
  const [{ text }] = await world.cluster.sql(list.direct.replace('::text', '::text as text'));
  return text;
}

beforeEach((t) => {
  checker = new Checker();
  counts = new Counts();
  subscribers = [];
  truth = new Truth({ world, checker, counts, documents: [list, board], everybody: () => subscribers });
  t.after(() => Promise.all(subscribers.map((subscriber) => subscriber.stop())));
});

test('who is starved may read states of before when all is at rest', async () => {
  const [quick, starved] = [await subscribe(list, 'quick'), await subscribe(list, 'starved')];
  starved.stream.response.pause();
  const before = starved.text;
  for (let i = 0; i < 3; i += 1) {
    const text = await change();
    await until(() => quick.text === text);
  }
  strictEqual(starved.text, before);
  let looks = 0;
  const strays = truth.strays.bind(truth);
  truth.strays = (wanted) => { looks += 1; return strays(wanted); };
  const quiet = truth.quiesce(LIMIT_MS);
  await until(() => looks > 2, { what: 'it waits for who does not have the newest' });
  starved.stream.response.resume();
  await quiet;
  strictEqual(starved.text, quick.text);
  strictEqual(starved.history.filter((line) => / event /.test(line)).length, 4, 'it has read them all');
  await truth.quiesce(LIMIT_MS);
  deepStrictEqual(checker.violations, []);
  ok(checker.states >= 4, `${checker.states} states were compared`);
});

test('who does not get the newest is told, though nothing false was seen', async () => {
  const late = await subscribe(list, 'late');
  late.stream.response.pause();
  await change();
  await truth.quiesce(500);
  match(checker.violations.join('\n'), /not converged.*\n.*observer: late/);
});

for (const [what, document, alter] of [
  ['a board of before', board, undefined],
  ['a list of before', list, undefined],
  ['a board that lacks a row', board, ({ items }) => { items.pop(); }],
  ['a board with another row', board, ({ items }) => { items[0].x += 1; }],
  ['a list that counts wrong', list, ({ boards }) => { boards[0].count += 1; }],
]) {
  test(`in a later round ${what} is a violation`, async () => {
    const reader = await subscribe(document, 'reader');
    const old = reader.text;
    await change();
    await truth.quiesce(LIMIT_MS);
    await change();
    await truth.quiesce(LIMIT_MS);
    deepStrictEqual(checker.violations, []);
    const body = JSON.parse(alter ? reader.text : old);
    alter?.(body);
    checker.observe({ name: 'newcomer', clocks: new Map() }, document, 'an-id', JSON.stringify(body));
    deepStrictEqual(checker.violations, []);
    await truth.quiesce(LIMIT_MS);
    match(checker.violations.join('\n'), /no committed state looked like this/);
  });
}
