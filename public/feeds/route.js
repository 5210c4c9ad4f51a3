// route.js -- which view: #/, #/feed/NAME, #/edit-post/ID. Back brings back to where one was.
//
// Each entry of the browser's history that the page makes has a number in its state: one without is
// new, a smaller one means back.

import { nextTick, shallowRef } from '../vendor/vue.js';

const VIEWS = { feed: 'feed', 'edit-post': 'edit' };
const places = new Map(); // number of an entry → how far it was scrolled when it was left

function read(hash) {
  const [, word, rest] = /^#\/(feed|edit-post)\/([^/]+)\/?$/.exec(hash) ?? [];
  if (!word) return { view: 'home', subject: '' };
  // Feeds are found without regard to case, of ASCII letters alone.
  return { view: VIEWS[word], subject: decode(rest).replace(/[A-Z]/g, (letter) => letter.toLowerCase()) };
}

function decode(text) {
  try { return decodeURIComponent(text); } catch { return text; }
}

export const route = shallowRef(read(location.hash));
export const feedHref = (name) => `#/feed/${encodeURIComponent(name)}`;
export const editHref = (id) => `#/edit-post/${encodeURIComponent(id)}`;

let current = history.state?.entry ?? 0;
history.scrollRestoration = 'manual';
history.replaceState({ entry: current }, '');

addEventListener('hashchange', async () => {
  places.set(current, scrollY);
  const isNew = history.state?.entry === undefined;
  current = isNew ? current + 1 : history.state.entry;
  if (isNew) {
    history.replaceState({ entry: current }, '');
    places.delete(current);
  }
  route.value = read(location.hash);
  await nextTick();
  scrollTo(0, places.get(current) ?? 0);
  document.querySelector('h1')?.focus({ preventScroll: true });
});

// Where one came from; the list of feeds, if that was no view of ours.
export function goBack() {
  if (current > 0) history.back();
  else location.hash = '#/';
}
