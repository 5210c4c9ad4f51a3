// random.js -- chance that can be had again.
//
//   const random = new Random(17);
//   random.fork('writer 3')      a stream of its own: who draws first changes nothing for the others
//   random.chance(0.2)  random.below(10)  random.between(3, 7)  random.pick([…])  random.shuffle([…])

// FNV-1a, finished like murmur3: a seed for a name.
function hash(text) {
  let h = 0x811c9dc5;
  for (const character of text) h = Math.imul(h ^ character.codePointAt(0), 0x01000193);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  return (h ^ (h >>> 13)) >>> 0;
}

export class Random {
  constructor(seed) {
    this.seed = String(seed);
    this.state = hash(this.seed);
  }

  fork(name) { return new Random(`${this.seed}/${name}`); }

  // mulberry32: 0 <= x < 1.
  next() {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  }

  chance(probability) { return this.next() < probability; }
  below(n) { return Math.floor(this.next() * n); }
  between(low, high) { return low + this.below(high - low + 1); }
  pick(list) { return list[this.below(list.length)]; }

  shuffle(list) {
    const result = [...list];
    for (let i = result.length - 1; i > 0; i -= 1) {
      const j = this.below(i + 1);
      [result[i], result[j]] = [result[j], result[i]];
    }
    return result;
  }
}
