// parts.js -- the pieces that the list and the thread have in common.

import { html, useMemo } from '../vendor/htm-preact.js';
import { urlOf } from './api.js';
import { Sound } from './sound.js';
import { ago, clock, count, moment, spoken } from './words.js';

export const Hidden = ({ children, ...attributes }) => html`<span class="hidden" ...${attributes}>${children}</span>`;

// A number from 0 to 2³² that looks random and is always the same for the same text.
function hash(text) {
  let h = 2166136261;
  for (const character of text) h = Math.imul(h ^ character.codePointAt(0), 16777619);
  h = Math.imul(h ^ (h >>> 15), 2246822519);
  return (h ^ (h >>> 13)) >>> 0;
}

// The author's initial in the author's colour.
export function Avatar({ author }) {
  const [initial = '?'] = author.trim();
  return html`<span class="avatar" aria-hidden="true" style=${{ '--hue': hash(author) % 360 }}>${initial.toUpperCase()}</span>`;
}

// Its sound, or that there is none.
export function Voice({ recording: { id, author, title, audio, duration_ms: ms }, peaks, n }) {
  const track = useMemo(() => ({ id, url: audio && urlOf(audio), ms, label: title ? `${author}: ${title}` : `the message of ${author}` }), [id, audio, ms, title, author]);
  if (audio !== null) return html`<${Sound} track=${track} peaks=${peaks} n=${n} />`;
  if (ms === null) return null;
  return html`<span class="silent" title="Nobody has uploaded its sound"><span aria-hidden="true">${clock(ms)}</span><${Hidden}>${spoken(ms)}<//>, no sound</span>`;
}

export const Time = ({ at, now }) => html`<time datetime=${at} title=${moment(at)}>${ago(at, now)}</time>`;

export const Replies = ({ n }) => html`<span class="count">${n === 0 ? 'no replies' : count(n, 'reply')}</span>`;

// People wrote the title: it is text, in whatever direction, and may be missing.
export const Title = ({ title }) => (title
  ? html`<span dir="auto">${title}</span>`
  : html`<span class="untitled">Voice message</span>`);

// A recording, or one inside of the thread that it is looked at in.
export const href = (id, inside) => (inside === undefined || inside === id ? `#/recordings/${id}` : `#/recordings/${inside}/${id}`);

export const Microphone = () => html`<svg class="microphone" aria-hidden="true" viewBox="0 0 16 16"><path d="M8 1.500a2.500 2.500 0 0 1 2.500 2.500v3.500a2.500 2.500 0 0 1-5 0V4A2.500 2.500 0 0 1 8 1.500zM3.500 7.500a4.500 4.500 0 0 0 9 0M8 12v2.500" /></svg>`;
