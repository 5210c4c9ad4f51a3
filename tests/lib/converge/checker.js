// checker.js -- what must hold of everything that any client receives.
//
// At once, with every document (observe): nothing that was rolled back (G3), no torn state, no clock
// that goes back for this observer (G2), one id for one text. When all is at rest (settle): every board
// state and every snapshot of several boards that was seen has been committed exactly so, as
// model.history tells. What does not hold becomes a violation: the text of a bug report.

import { createHash } from 'node:crypto';

const digest = (text) => createHash('md5').update(text).digest('hex');
const LONGEST = 1500;
// Of documents the beginning, of what a process said the end.
function excerpt(text, name) {
  if (text.length <= LONGEST) return text;
  return name === 'said' ? `…${text.slice(-4 * LONGEST)}` : `${text.slice(0, LONGEST)}… (${text.length} characters)`;
}

export class Checker {
  constructor() {
    this.violations = [];
    this.documents = 0;       // observations
    this.states = 0;          // distinct ones compared with the history
    this.forgetRound();
    this.rolledBackMarks = new Set(); // 'writer/number' that must never be seen
  }

  forgetRound() {
    this.pendingStates = new Map();   // 'board/version/checksum' -> observation
    this.pendingVectors = new Map();  // digest -> observation
    this.textOfId = new Map();        // id -> digest of its text
  }

  violation(what, details = {}) {
    const lines = Object.entries(details).map(([name, value]) => `  ${name}: ${typeof value === 'string' ? excerpt(value, name) : JSON.stringify(value)}`);
    const text = [`${new Date().toISOString()} ${what}`, ...lines].join('\n');
    if (details.said === undefined) this.violations.push(text);
    else this.violations.unshift(text); // the relay's last words explain all the others
  }

  // observer: { name, clocks: Map }; text: one line.
  observe(observer, document, id, text) {
    this.documents += 1;
    let claims;
    try {
      claims = document.claims(text);
    } catch (error) {
      this.violation(`not a document: ${error.message}`, { observer: observer.name, key: document.key, text });
      return undefined;
    }
    const context = { observer: observer.name, key: document.key, id, text };
    if (claims.wrong) this.violation(claims.wrong, context);
    this.checkId(document, id, text, context);
    this.checkClocks(observer.clocks, claims.clocks, context);
    for (const { writer, number } of claims.marks ?? []) {
      if (this.rolledBackMarks.has(`${writer}/${number}`)) this.violation('it shows what was rolled back', context);
    }
    if (claims.state) this.pendingStates.set(Object.values(claims.state).join('/'), { ...context, ...claims.state });
    if (claims.vector) this.pendingVectors.set(digest(text), { ...context, ...claims.vector });
    return claims;
  }

  checkId(document, id, text, context) {
    if (!/^[A-Za-z0-9_-]{1,64}$/.test(id)) this.violation('malformed id', context);
    const known = this.textOfId.get(id);
    if (known !== undefined && known !== digest(text)) this.violation('one id for two texts', context);
    this.textOfId.set(id, digest(text));
  }

  checkClocks(known, clocks, context) {
    for (const [name, number] of clocks) {
      const before = known.get(name) ?? -Infinity;
      if (number < before) this.violation(`${name} went back from ${before} to ${number}`, context);
      else known.set(name, number);
    }
  }

  // Writers rest, everybody has the newest state, the database is there. Compares everything seen since the
  // last time with what was committed, and forgets both: an older state that is seen from now on is wrong.
  async settle(client) {
    const { rows } = await client.query('select board, version::float8 as version, xid::text, count::float8 as count, checksum from model.history');
    const history = new Map(rows.map((row) => [`${row.board}/${row.version}`, row]));
    const transactions = new Map();
    for (const row of rows) transactions.set(row.xid, [...(transactions.get(row.xid) ?? []), row]);
    const together = [...transactions.values()].filter((changed) => changed.length > 1 && changed.length < 24);
    for (const seen of this.pendingStates.values()) this.checkState(seen, history);
    for (const seen of this.pendingVectors.values()) this.checkVector(seen, history, together);
    this.states += this.pendingStates.size + this.pendingVectors.size;
    this.forgetRound();
    await client.query(`delete from model.history h using model.boards b where b.id = h.board and h.version < b.version`);
  }

  checkState(seen, history) {
    const committed = history.get(`${seen.board}/${seen.version}`);
    if (committed?.checksum === seen.checksum) return;
    const around = [-2, -1, 0, 1, 2].map((d) => history.get(`${seen.board}/${seen.version + d}`)).filter(Boolean);
    this.violation('no committed state looked like this', { ...seen, history: around });
  }

  checkVector(seen, history, together) {
    const version = new Map(seen.boards.map((b) => [b.board, b.version]));
    for (const { board, version: v, count } of seen.boards) {
      const committed = history.get(`${board}/${v}`);
      if (committed?.count !== count) this.violation('no committed state looked like this', { ...seen, board, history: committed });
    }
    for (const changed of together) {
      const visible = changed.filter((c) => version.has(c.board)).map((c) => version.get(c.board) >= c.version);
      if (visible.includes(true) && visible.includes(false)) this.violation('half of a transaction is seen', { ...seen, transaction: changed });
    }
  }
}
