// model.js -- the documents of model.sql: where they are, what they must be, and what can be said of
// one that was received.
//
//   await installModel(cluster);
//   const document = new Document('item', 7);
//   document.path            '/api/item/7', as it may be asked for
//   document.event           the type of its events
//   document.mayBeMissing    whether it may be NULL, hence 404
//   document.direct          SQL that returns it without the relay
//   document.claims(text)    what a received text says: see below
//
// Claims are what the checker compares, with other texts and with what was committed:
//   clocks    [[name, number]…]     none may ever go back for one observer
//   state     { board, version, count, checksum }     must be in model.history
//   vector    { boards: [{ board, version, count }…] }     as one snapshot shows several boards
//   marks     [{ writer, number }…]    must be committed
//   wrong     what is wrong with it in itself, or undefined

import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { ROOT } from '../cluster.js';

export const BOARDS = 24;
const ITEMS = 96;
export const GATES = 4;
export const MARKED_BOARDS = 4;
export const SLOW_BOARDS = 8;     // that somebody watches as slow documents
export const WATCHED_ITEMS = 22;  // likewise; the others nobody watches
export const POISON = 'poison';

export function installModel(cluster) {
  cluster.psql(['-f', join(ROOT, 'tests', 'lib', 'converge', 'model.sql'),
    '-v', `boards=${BOARDS}`, '-v', `items=${ITEMS}`, '-v', `gates=${GATES}`]);
}

// The same as model.state() in SQL.
function checksum(items) {
  return createHash('md5').update(items.map((i) => `${i.id} ${i.x} ${i.note}`).join('\n')).digest('hex');
}

function boardClaims(body) {
  const { board, version, items, count } = body;
  const claims = {
    clocks: [[`board ${board}`, version]],
    state: { board, version, count: items.length, checksum: checksum(items) },
  };
  if (count !== undefined && count !== items.length) claims.wrong = `torn: ${count} counted, ${items.length} listed`;
  return claims;
}

function itemClaims(body) {
  const claims = boardClaims(body);
  claims.clocks.push([`item ${body.item}`, body.moves]);
  if (!body.items?.some((i) => i.id === body.item)) claims.wrong = 'torn: the item is not on its board';
  return claims;
}

function listClaims({ boards }) {
  return { clocks: boards.map((b) => [`board ${b.board}`, b.version]), vector: { boards } };
}

function marksClaims({ board, marks }) {
  const claims = { clocks: [], marks: [] };
  for (let i = 0; i < marks.length; i += 2) {
    const [writer, , number, x] = marks[i];
    const [otherWriter, , otherNumber, otherX] = marks[i + 1] ?? [];
    if (writer !== otherWriter || number !== otherNumber || x + otherX !== 0) claims.wrong = `torn: mark ${marks[i]}`;
    claims.clocks.push([`mark ${board}/${writer}`, number]);
    claims.marks.push({ writer, number });
  }
  return claims;
}

function scrapsClaims({ count, sum, scraps }) {
  const fits = sum === 0 && count === scraps.length && count % 2 === 0;
  return { clocks: [], wrong: fits ? undefined : `torn: sum ${sum}, count ${count}, ${scraps.length} listed` };
}

function gateClaims({ gate, version }) {
  return { clocks: [[`gate ${gate}`, version]], wrong: version % 2 === 1 ? undefined : 'a closed gate is shown' };
}

const KINDS = {
  board: { function: 'model.board', event: 'message', claims: boardClaims },
  slow: { function: 'model.slow', event: 'slow', claims: boardClaims },
  bulk: { function: 'model.bulk', event: 'bulk', claims: boardClaims },
  item: { function: 'model.item', event: 'message', mayBeMissing: true, claims: itemClaims },
  list: { function: 'model.list', event: 'message', claims: listClaims },
  marks: { function: 'model.marks_of', event: 'marks', claims: marksClaims },
  scraps: { function: 'model.scraps_of', event: 'message', claims: scrapsClaims },
  quick: { function: 'model.quick', event: 'message', claims: boardClaims },
  both: { function: 'model.both', event: 'message', claims: boardClaims },
  tally: { function: 'model.tally', event: 'tally', claims: marksClaims },
  brief: { function: 'model.brief', event: 'message', claims: listClaims },
  gate: { function: 'model.gate', event: 'message', mayBeMissing: true, claims: gateClaims },
};

export class Document {
  // id: of board, item or gate; a list or brief has { from, limit } instead. spelling: another path for the same.
  constructor(kind, id, spelling) {
    const { function: name, event, mayBeMissing = false, claims } = KINDS[kind];
    const isList = kind === 'list' || kind === 'brief';
    const given = isList ? Object.entries(id) : [];
    const query = given.map(([parameter, value]) => `${parameter}=${value}`).join('&');
    const path = isList ? `/api/${kind}${query && `?${query}`}` : `/api/${kind}/${id}`;
    const values = isList ? given.map(([parameter, value]) => `"${parameter}" => ${value}`).join(', ') : id;
    Object.assign(this, { kind, id, event, mayBeMissing, key: path, path: spelling ?? path, read: claims });
    this.direct = `select ${name}(${values})::text`;
  }

  // Of a key as the relay and notifications spell it.
  static of(key) {
    const [, kind, id, query] = key.match(/^\/api\/(\w+)(?:\/(\d+))?(?:\?(.*))?$/);
    return new Document(kind, id === undefined ? Object.fromEntries(new URLSearchParams(query)) : Number(id));
  }

  claims(text) {
    const claims = this.read(JSON.parse(text));
    if (text.includes(POISON)) claims.wrong = 'it shows what was rolled back';
    return claims;
  }
}

// What a stream's data is of a document's text, and what a JSON body is compared as.
export const oneLine = (text) => text.replace(/[\r\n]/g, ' ');
