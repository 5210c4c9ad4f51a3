// hooks.js -- what the views share: a live document, the time, marks that fade, focus that stays.

import { useEffect, useLayoutEffect, useRef, useState } from '../vendor/htm-preact.js';
import { live } from '../crier.js';
import { differences, remember } from './tree.js';

const MARKED_MS = 6000;
const MINUTE_MS = 60_000;

// The current document of a path, and how fresh it is; onState is told, too.
export function useLive(path, onState) {
  const [newest, setNewest] = useState();
  const [state, setState] = useState('connecting');
  useEffect(() => live(path, setNewest, {
    onState(next) {
      setState(next);
      onState(next);
    },
  }), [path]);
  return [newest, state];
}

// Now, once a minute.
export function useNow() {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), MINUTE_MS);
    return () => clearInterval(timer);
  }, []);
  return now;
}

// What is new or has new votes since the document before, for a moment: a Map from id to mark.
// Whatever the first document holds is not new.
export function useMarks(recordings) {
  const known = useRef();
  const [marks, setMarks] = useState(new Map());
  useLayoutEffect(() => {
    if (recordings === undefined) return undefined;
    const fresh = known.current ? differences(known.current, recordings) : new Map();
    known.current = remember(recordings);
    if (fresh.size === 0) return undefined;
    setMarks((old) => new Map([...old, ...fresh]));
    setTimeout(() => setMarks((old) => without(old, fresh)), MARKED_MS);
    return undefined;
  }, [recordings]);
  return marks;
}

function without(marks, expired) {
  const left = new Map(marks);
  for (const [id, mark] of expired) if (left.get(id) === mark) left.delete(id);
  return left;
}

// Moving an element within the page takes the focus from it; this gives it back.
export function useKeptFocus() {
  const focused = document.activeElement;
  useLayoutEffect(() => {
    if (focused && focused !== document.body && focused.isConnected && document.activeElement !== focused) {
      focused.focus({ preventScroll: true });
    }
  });
}
