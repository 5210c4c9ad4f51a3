// parts.js -- the pieces that the views have in common: functions that return nodes.

import { h } from '../vendor/vue.js';
import { feedHref } from './route.js';
import { hash, pieces } from './words.js';

// Shapes of 24 by 24, drawn as lines.
const SHAPES = {
  dice: 'M5 3h14a2 2 0 0 1 2 2v14a2 2 0 0 1-2 2H5a2 2 0 0 1-2-2V5a2 2 0 0 1 2-2zM8 8h.01M16 8h.01M12 12h.01M8 16h.01M16 16h.01',
  pencil: 'M4 20h4L19.5 8.5a2.1 2.1 0 0 0-4-4L4 16zM14 6l4 4',
  back: 'M15 5l-7 7 7 7',
  up: 'M12 20V5M5 12l7-7 7 7',
};
export const icon = (name) => h('svg', { class: 'icon', viewBox: '0 0 24 24', 'aria-hidden': 'true' }, [h('path', { d: SHAPES[name] })]);

// People wrote it: it is text, in whatever direction, and tags in it lead to their feeds.
export const tagged = (text) => pieces(text).map(({ text: piece, feed }) => (
  feed === undefined ? piece : h('a', { class: 'tag', href: feedHref(feed) }, piece)));

// The author's initial in the author's colour.
export function avatar(author) {
  const [initial = '?'] = author.trim();
  return h('span', { class: 'avatar', 'aria-hidden': 'true', style: { '--hue': hash(author) % 360 } }, initial.toUpperCase());
}

export const hidden = (text) => h('span', { class: 'visually-hidden' }, text);

// Where the keyboard and a screen reader begin in a view.
export const heading = (attributes, children) => h('h1', { tabindex: -1, ...attributes }, children);

export const alert = (kind, children) => h('div', { class: `alert alert-${kind}`, role: kind === 'danger' ? 'alert' : 'status' }, children);
