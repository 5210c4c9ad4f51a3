// parts.js -- the pieces that the list and the thread have in common.

import { html } from '../vendor/htm-preact.js';
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

// An ornament as long as the recording, and always the same for it: not its sound.
function waveform(id, bars) {
  let path = '';
  for (let i = 0; i < bars; i += 1) {
    const swell = 0.35 + 0.65 * Math.sin((Math.PI * (i + 1)) / (bars + 1));
    const half = Math.max(1, (8 * swell * (25 + (hash(`${id}.${i}`) % 75))) / 100);
    path += `M${2 + 4 * i} ${(10 - half).toFixed(1)}v${(2 * half).toFixed(1)}`;
  }
  return path;
}

export function Length({ id, ms }) {
  if (ms === null) return null;
  const bars = Math.max(4, Math.min(24, Math.round(5 * Math.log2(1 + ms / 1500))));
  return html`<span class="length">
    <svg class="wave" aria-hidden="true" width=${4 * bars} height="20" viewBox="0 0 ${4 * bars} 20"><path d=${waveform(id, bars)} /></svg>
    <span aria-hidden="true">${clock(ms)}</span>
    <${Hidden}>${spoken(ms)}<//>
  </span>`;
}

export function Votes({ ups, downs }) {
  return html`<span class="votes">
    <svg aria-hidden="true" viewBox="0 0 12 12"><path d="M6 1.500 11 9H1z" /></svg>
    <span>${ups.toLocaleString('en')}<${Hidden}> for<//></span>
    <svg class="down" aria-hidden="true" viewBox="0 0 12 12"><path d="M6 1.500 11 9H1z" /></svg>
    <span>${downs.toLocaleString('en')}<${Hidden}> against<//></span>
  </span>`;
}

export const Time = ({ at, now }) => html`<time datetime=${at} title=${moment(at)}>${ago(at, now)}</time>`;

export const Replies = ({ n }) => html`<span class="count">${n === 0 ? 'no replies' : count(n, 'reply')}</span>`;

// People wrote the title: it is text, in whatever direction, and may be missing.
export const Title = ({ title }) => (title
  ? html`<span dir="auto">${title}</span>`
  : html`<span class="untitled">Voice message</span>`);

export const href = (id) => `#/recordings/${id}`;
