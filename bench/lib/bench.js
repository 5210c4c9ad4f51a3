// bench.js -- what the benches share: options, percentiles, a table, and what a process has cost.

import { readFile, readdir } from 'node:fs/promises';
import { availableParallelism, cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';

// options({ commits: 500 }) reads --commits N from the command line; the defaults' types decide.
export function options(defaults) {
  const { values } = parseArgs({
    options: Object.fromEntries(Object.keys(defaults).map((name) => [name, { type: 'string' }])),
  });
  const given = Object.entries(values).map(([name, value]) => [name, typeof defaults[name] === 'number' ? Number(value) : value]);
  return { ...defaults, ...Object.fromEntries(given) };
}

export function percentile(values, p) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * p / 100))];
}

export const nowNs = () => Number(process.hrtime.bigint()); // CLOCK_MONOTONIC; exact for 104 days

// Processor time of a process [s], all its threads, those that ended too; its resident memory [octets].
export async function cpuSeconds(pid) {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  const [utime, stime] = stat.slice(stat.lastIndexOf(')') + 2).split(' ').slice(11, 13);
  const ticks = (Number(utime) + Number(stime)) / 100;
  const threads = await readdir(`/proc/${pid}/task`);
  let precise = 0;
  for (const thread of threads) {
    const [running] = (await readFile(`/proc/${pid}/task/${thread}/schedstat`, 'utf8')).split(' ');
    precise += Number(running) / 1e9;
  }
  return Math.max(ticks, precise);
}

export async function memory(pid) {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(status.match(/^VmRSS:\s+(\d+) kB$/m)[1]) * 1024;
}

export const MIB = 1 << 20;
export const mib = (octets) => `${(octets / MIB).toFixed(1)} MiB`;
export const ms = (value) => `${value.toFixed(3)} ms`;

export function table(rows) {
  const widths = rows[0].map((_, i) => Math.max(...rows.map((row) => String(row[i]).length)));
  for (const row of rows) {
    console.log(row.map((cell, i) => (i === 0 ? String(cell).padEnd(widths[i]) : String(cell).padStart(widths[i]))).join('  '));
  }
}

// Numbers of another machine, or of a busy one, are other numbers: say which this was.
export function sayWhere() {
  const count = availableParallelism?.() ?? cpus().length;
  console.log(`${count} × ${cpus()[0].model.trim()}, load ${loadavg().map((l) => l.toFixed(1)).join(' ')}`);
}

// A bar that is held or missed; a missed one makes the exit status 1.
export function bar(held, text) {
  console.log(`${held ? 'held' : 'MISSED'}: ${text}`);
  if (!held) process.exitCode = 1;
}
