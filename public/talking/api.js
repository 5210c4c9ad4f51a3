// api.js -- what the page writes, who it says it is, and where all that is.

// A relay may live under a prefix, which pages can tell from where they are and documents cannot.
const ABOVE = new URL('..', import.meta.url).pathname.slice(0, -1);
export const urlOf = (path) => ABOVE + path;

const keep = (name, make) => {
  try {
    const kept = localStorage.getItem(name) ?? make();
    localStorage.setItem(name, kept);
    return kept;
  } catch {
    return make(); // no storage: for this page alone
  }
};

export function uuid() {
  if (crypto.randomUUID) return crypto.randomUUID(); // not there without https
  const octets = crypto.getRandomValues(new Uint8Array(16));
  octets[6] = (octets[6] & 0x0f) | 0x40;
  octets[8] = (octets[8] & 0x3f) | 0x80;
  const hex = [...octets].map((octet) => octet.toString(16).padStart(2, '0')).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

export const voter = keep('talking.voter', uuid); // this browser
export const session = uuid(); // this window

export const readName = () => keep('talking.name', () => '');
export function writeName(name) {
  try { localStorage.setItem('talking.name', name); } catch { /* asked again next time */ }
}

// Votes of this browser: { id: direction }. The server knows them, but tells nobody.
let unkept; // where there is no storage, or no room in it: for this page alone
export function readVotes() {
  if (unkept) return unkept;
  try { return JSON.parse(localStorage.getItem('talking.votes')) ?? {}; } catch { return {}; }
}
export function writeVote(id, direction) {
  const votes = { ...readVotes() };
  if (direction === 0) delete votes[id]; else votes[id] = direction;
  try { localStorage.setItem('talking.votes', JSON.stringify(votes)); } catch { unkept = votes; }
}

const request = (body, more) => ({
  method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body), ...more,
});

// One after the other: two votes on one recording that are on their way at once may arrive the other
// way round, and the first would count.
const turns = new Map(); // id → when its last vote is settled, however

export function vote(id, direction) {
  const turn = (turns.get(id) ?? Promise.resolve()).then(() => sendVote(id, direction));
  const settled = turn.catch(() => {}).then(() => { if (turns.get(id) === settled) turns.delete(id); });
  turns.set(id, settled);
  return turn;
}

async function sendVote(id, direction) {
  const answer = await fetch(urlOf(`/api/recordings/${id}/votes`), request({ voter, direction }));
  if (!answer.ok) throw new Error(await titleOf(answer));
}

// Nothing depends on it: it is said again, or forgotten. Settles when it has arrived, or has not.
export function say(id, who, state) {
  return fetch(urlOf(`/api/recordings/${id}/presence`), request({ who, state, session }, { keepalive: true })).catch(() => {});
}

// For a page that is going away.
export function sayAtLast(id, who, state) {
  navigator.sendBeacon(urlOf(`/api/recordings/${id}/presence`),
    new Blob([JSON.stringify({ who, state, session })], { type: 'application/json' }));
}

async function titleOf(answer) {
  const { title, detail } = await answer.json().catch(() => ({}));
  return [title ?? `The server says ${answer.status}`, detail].filter(Boolean).join('. ');
}

// Sends a recording; sent again under the same id it is no second one. onProgress gets shares of 1. Resolves to its id. { promise, abort }
export function upload({ id, blob, author, title, parent, ms, peaks }, onProgress) {
  const query = new URLSearchParams({ author, draft: id });
  if (title) query.set('title', title);
  if (parent !== undefined) query.set('parent_id', parent);
  if (ms !== undefined) query.set('duration_ms', ms);
  if (peaks) query.set('peaks', peaks);
  const xhr = new XMLHttpRequest();
  const promise = new Promise((resolve, reject) => {
    xhr.open('POST', urlOf(`/api/recordings?${query}`));
    xhr.setRequestHeader('content-type', typeOf(blob));
    xhr.responseType = 'json';
    xhr.upload.addEventListener('progress', ({ loaded, total }) => onProgress(loaded / total));
    xhr.addEventListener('load', () => {
      if (xhr.status === 201) resolve(xhr.response.id);
      else reject(new Error([xhr.response?.title ?? `The server says ${xhr.status}`, xhr.response?.detail].filter(Boolean).join('. ')));
    });
    xhr.addEventListener('error', () => reject(new Error('The server cannot be reached')));
    xhr.addEventListener('abort', () => reject(new Error('Not sent')));
    xhr.send(blob);
  });
  return { promise, abort: () => xhr.abort() };
}

// Files that hold sound alone are called something else now and then.
const OTHERS = { 'video/webm': 'audio/webm', 'video/ogg': 'audio/ogg', 'application/ogg': 'audio/ogg', 'video/mp4': 'audio/mp4', 'video/3gpp': 'audio/3gpp' };
const ENDINGS = { webm: 'audio/webm', weba: 'audio/webm', ogg: 'audio/ogg', oga: 'audio/ogg', opus: 'audio/ogg', mp3: 'audio/mpeg', m4a: 'audio/mp4', wav: 'audio/wav', flac: 'audio/flac', aac: 'audio/aac' };
export const typeOf = ({ type = '', name = '' }) => OTHERS[type] ?? (type || ENDINGS[name.split('.').at(-1).toLowerCase()] || 'application/octet-stream');
