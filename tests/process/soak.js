#!/usr/bin/env node
// soak.js -- the convergence test for as long as wanted: make soak DURATION=3600
//
//   node tests/process/soak.js [--seed N] [--duration SECONDS]
//
// Without a seed, one after another from the clock, five minutes each.

import { parseArgs } from 'node:util';
import { converge } from '../lib/converge/run.js';

const EACH_S = 300;

const { values } = parseArgs({ options: { seed: { type: 'string' }, duration: { type: 'string', default: '60' } } });
const end = performance.now() + Number(values.duration) * 1000;
let seed = values.seed ?? String(Date.now());

try {
  do {
    const left = end - performance.now();
    const counts = await converge({ seed, duration: values.seed ? left : Math.min(left, EACH_S * 1000), say: console.log });
    console.log(`seed ${seed} held:\n${counts}`);
    seed = String(Date.now());
  } while (!values.seed && performance.now() < end);
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
