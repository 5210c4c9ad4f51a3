// counts.js -- how often what happened.

export class Counts {
  constructor() { this.map = new Map(); }

  add(name, n = 1) { this.map.set(name, (this.map.get(name) ?? 0) + n); }
  get(name) { return this.map.get(name) ?? 0; }
  // The sum of all whose name begins so.
  sum(prefix) { return [...this.map].reduce((sum, [name, n]) => sum + (name.startsWith(prefix) ? n : 0), 0); }

  toString() {
    return [...this.map].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, n]) => `${String(n).padStart(9)}  ${name}`).join('\n');
  }
}
