// words.js -- texts and times as people read them.

const UNITS = [
  ['year', 365.25 * 86400], ['month', 30.44 * 86400], ['week', 7 * 86400],
  ['day', 86400], ['hour', 3600], ['minute', 60],
];
const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });
const absolute = new Intl.DateTimeFormat('en', { dateStyle: 'full', timeStyle: 'short' });

// '3 minutes ago'; a clock that is a little behind does not put anybody into the future.
export function ago(time, now) {
  const seconds = Math.max(0, (now - time) / 1000);
  for (const [unit, length] of UNITS) {
    if (seconds >= length) return relative.format(-Math.floor(seconds / length), unit);
  }
  return 'just now';
}

export const moment = (time) => absolute.format(time);

// count(1, 'post') → '1 post', count(1200, 'post') → '1,200 posts'
export const count = (n, noun) => `${n.toLocaleString('en')} ${noun}${n === 1 ? '' : 's'}`;

// What the database takes for a tag: ASCII letters and digits directly after a #.
const TAG = /#([A-Za-z0-9]+)/g;

// The text in pieces, { text } or { text, feed }; put together again they are the text.
export function pieces(text) {
  const found = [];
  let end = 0;
  for (const match of text.matchAll(TAG)) {
    if (match.index > end) found.push({ text: text.slice(end, match.index) });
    found.push({ text: match[0], feed: match[1].toLowerCase() });
    end = match.index + match[0].length;
  }
  if (end < text.length) found.push({ text: text.slice(end) });
  return found;
}

export const tags = (text) => [...new Set(pieces(text).flatMap(({ feed }) => feed ?? []))];

export const octets = (text) => new TextEncoder().encode(text).length;

// A number from 0 to 2³² that looks random and is always the same for the same text.
export function hash(text) {
  let h = 2166136261;
  for (const character of text) h = Math.imul(h ^ character.codePointAt(0), 16777619);
  h = Math.imul(h ^ (h >>> 15), 2246822519);
  return (h ^ (h >>> 13)) >>> 0;
}
