// hooks.js -- what the views share: a live document, the time, marks that fade, a place that stays.

import { useEffect, useLayoutEffect, useRef, useState } from '../vendor/htm-preact.js';
import { live } from '../crier.js';
import { now as playerNow } from './player.js';
import { differences, remember } from './tree.js';

const MARKED_MS = 6000;
const MINUTE_MS = 60_000;

// The current document of a path, how fresh it is, and of which path: after a change the old one stays
// until the new one has come. onState is told the state, too.
// on: what is to be called with announcements, by name; always the same object.
export function useLive(path, onState, on) {
  const [newest, setNewest] = useState({});
  const [state, setState] = useState('connecting');
  useEffect(() => live(path, (document) => setNewest({ document, path }), {
    on,
    onState(next) {
      setState(next);
      onState(next);
    },
  }), [path]);
  return [newest.document, state, newest.path];
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
// Whatever the first document of a path holds is not new.
export function useMarks(recordings, path) {
  const known = useRef();
  const [marks, setMarks] = useState(new Map());
  useLayoutEffect(() => {
    if (recordings === undefined) return undefined;
    const fresh = known.current && known.current.path === path ? differences(known.current.recordings, recordings) : new Map();
    known.current = { path, recordings: remember(recordings) };
    if (fresh.size === 0) return undefined;
    setMarks((old) => new Map([...old, ...fresh]));
    setTimeout(() => setMarks((old) => without(old, fresh)), MARKED_MS);
    return undefined;
  }, [recordings, path]);
  return marks;
}

function without(marks, expired) {
  const left = new Map(marks);
  for (const [id, mark] of expired) if (left.get(id) === mark) left.delete(id);
  return left;
}

// Whatever comes, goes or moves: the focus stays where it was (moving an element takes it away), and
// what is being played, or else what has the focus, stays where it is in the window. Where that is nothing
// in view, most of what is being read does, over changes of the document that is shown.
export function useKeptPlace(shown) {
  const before = useRef();
  const focused = document.activeElement;
  const anchor = anchorOf(focused);
  const anchors = anchor ? [anchor] : (before.current !== shown && scrollY > 0 ? inView() : []);
  before.current = shown;
  const tops = anchors.map((row) => row.getBoundingClientRect().top);
  useLayoutEffect(() => {
    if (focused && focused !== document.body && focused.isConnected && document.activeElement !== focused) {
      focused.focus({ preventScroll: true });
    }
    const moves = anchors.map((row, i) => row.isConnected && row.getBoundingClientRect().top - tops[i])
      .filter((by) => by !== false).sort((a, b) => a - b);
    const moved = moves[Math.floor(moves.length / 2)] ?? 0;
    if (Math.abs(moved) >= 1) scrollBy({ top: moved, behavior: 'instant' });
  });
}

// The row that stays, if it is in view.
function anchorOf(focused) {
  const { track, playing } = playerNow();
  const row = (playing && document.getElementById(`recording-${track.id}`)) || focused?.closest?.('[id^="recording-"]');
  return row && isInView(row) ? row : undefined;
}

function isInView(row) {
  const { top, bottom } = row.getBoundingClientRect();
  return bottom > 0 && top < innerHeight;
}

const inView = () => [...document.querySelectorAll('[id^="recording-"]')].filter(isInView);
