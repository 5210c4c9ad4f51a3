// live.js -- a live document as Vue's state, and what is new in it.

import { onScopeDispose, shallowReactive, shallowRef, watch } from '../vendor/vue.js';
import { live } from '../crier.js';

const MARKED_MS = 6000;
const KEPT = 20; // documents that are shown at once when one comes back
const kept = new Map();

function keep(path, document) {
  kept.delete(path);
  kept.set(path, document);
  if (kept.size > KEPT) kept.delete(kept.keys().next().value);
}

// Follows the document at path(), a function; undefined: none. `state` is one of crier.js's, or idle.
export function useLive(path) {
  const document = shallowRef();
  const state = shallowRef('idle');
  watch(path, (now, before, onCleanup) => {
    document.value = kept.get(now);
    state.value = now === undefined ? 'idle' : 'connecting';
    if (now === undefined) return;
    onCleanup(live(now, (next) => { keep(now, next); document.value = next; }, {
      event: 'data',
      onState: (next) => { state.value = next; },
    }));
  }, { immediate: true });
  return { document, state };
}

// What is new or has changed since the document before, for a moment: a Map from key to 'new' or
// 'changed'. items() is a list or undefined; what the first list holds is not new. `subject()` says
// what the list is of: another one begins anew. onNews is told each time.
export function useMarks(items, subject, { key, value, onNews = () => {} }) {
  const marks = shallowReactive(new Map());
  const timers = new Set();
  let known;
  let about;
  watch([items, subject], ([list, of]) => {
    if (of !== about) { known = undefined; marks.clear(); about = of; }
    if (list === undefined) return;
    const now = new Map(list.map((item) => [item[key], value(item)]));
    const fresh = known === undefined ? [] : [...now].filter(([k, v]) => known.get(k) !== v)
      .map(([k]) => [k, known.has(k) ? 'changed' : 'new']);
    known = now;
    if (fresh.length === 0) return;
    for (const [k, mark] of fresh) marks.set(k, mark);
    const timer = setTimeout(() => {
      timers.delete(timer);
      for (const [k] of fresh) marks.delete(k);
    }, MARKED_MS);
    timers.add(timer);
    onNews(fresh);
  }, { immediate: true });
  onScopeDispose(() => timers.forEach(clearTimeout));
  return marks;
}

// Now, twice a minute.
export function useNow() {
  const now = shallowRef(Date.now());
  const timer = setInterval(() => { now.value = Date.now(); }, 30_000);
  onScopeDispose(() => clearInterval(timer));
  return now;
}
