// words.js -- times and numbers as people say them.

const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });
const absolute = new Intl.DateTimeFormat('en', { dateStyle: 'full', timeStyle: 'short' });

const UNITS = [
  ['year', 365.25 * 86400], ['month', 30.44 * 86400], ['week', 7 * 86400],
  ['day', 86400], ['hour', 3600], ['minute', 60],
];

// '3 minutes ago'; a clock that is a little behind does not put anybody into the future.
export function ago(time, now) {
  const seconds = Math.max(0, (now - new Date(time)) / 1000);
  for (const [unit, length] of UNITS) {
    if (seconds >= length) return relative.format(-Math.floor(seconds / length), unit);
  }
  return 'just now';
}

export const moment = (time) => absolute.format(new Date(time));

// 75300 → '1:15'
export function clock(ms) {
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}

// 75300 → '1 minute 15 seconds', for ears.
export function spoken(ms) {
  const seconds = Math.round(ms / 1000);
  const minutes = Math.floor(seconds / 60);
  return [minutes && count(minutes, 'minute'), seconds % 60 && count(seconds % 60, 'second')]
    .filter(Boolean).join(' ') || 'no time';
}

const plural = (noun) => (noun.endsWith('y') ? `${noun.slice(0, -1)}ies` : `${noun}s`);

// 1 → '1 reply', 12000 → '12,000 replies'
export function count(n, noun) {
  return `${n.toLocaleString('en')} ${n === 1 ? noun : plural(noun)}`;
}
