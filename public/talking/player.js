// player.js -- one sound at a time.
//
// A track is { id, url, ms, label }. The element that plays is no part of the page, so that nothing that
// the page does to its rows disturbs it.

import { useEffect, useState } from '../vendor/htm-preact.js';

const audio = new Audio();
const watchers = new Set(); // told when it starts, stops, ends, fails
const clocks = new Set(); // told the time while it plays, and after a seek
let track;
let failed = false;
let wanted = 0; // where to begin, until the sound is known well enough to go there

export const now = () => ({ track, failed, playing: track !== undefined && !audio.paused });
const tell = () => { for (const watcher of watchers) watcher(); };
const tick = () => { for (const clock of clocks) clock(track?.id, position()); };

export const position = () => (audio.readyState > 0 ? audio.currentTime : wanted);

// Seconds; a sound that was recorded by a browser may not say itself how long it is.
export const length = (of) => (of.ms > 0 ? of.ms / 1000
  : (of.id === track?.id && Number.isFinite(audio.duration) ? audio.duration : 0));

function load(next) {
  track = next;
  failed = false;
  audio.src = next.url;
}

export function play(next, from) {
  if (next.id !== track?.id || failed) {
    wanted = from ?? (next.id === track?.id ? position() : 0); // what failed goes on where it was
    load(next);
  } else if (from !== undefined) {
    seek(next, from);
  }
  audio.play().catch(() => {}); // paused meanwhile, or an error that the element tells, too
  tell();
}

export const pause = () => audio.pause();

export function toggle(next) {
  if (next.id === track?.id && !audio.paused) pause();
  else play(next);
}

// Goes there; does not begin to play what is paused.
export function seek(next, seconds) {
  if (next.id !== track?.id) {
    load(next);
    tell();
  }
  wanted = Math.max(0, Math.min(seconds, length(next) || Infinity));
  if (audio.readyState > 0) audio.currentTime = wanted;
  tick();
}

// What is played no longer: a draft that is discarded.
export function forget(id) {
  if (track?.id !== id) return;
  audio.pause();
  audio.removeAttribute('src');
  track = undefined;
  tell();
}

let ticking = false;
function run() {
  tick();
  ticking = !audio.paused;
  if (ticking) requestAnimationFrame(run);
}

for (const name of ['play', 'pause', 'ended']) audio.addEventListener(name, tell);
audio.addEventListener('play', () => { if (!ticking) run(); });
audio.addEventListener('seeked', tick);
audio.addEventListener('ended', () => { wanted = 0; audio.currentTime = 0; });
audio.addEventListener('loadedmetadata', () => { if (wanted > 0) audio.currentTime = wanted; });
audio.addEventListener('error', () => {
  if (track === undefined) return;
  failed = true;
  tell();
});

// What the player does: { track, failed, playing }.
export function usePlayer() {
  const [state, setState] = useState(now());
  useEffect(() => {
    const watcher = () => setState(now());
    watchers.add(watcher);
    watcher();
    return () => watchers.delete(watcher);
  }, []);
  return state;
}

// Calls with the seconds of that track, often.
export function useClock(id, onTime) {
  useEffect(() => {
    const clock = (of, seconds) => { if (of === id) onTime(seconds); };
    clocks.add(clock);
    if (track?.id === id) onTime(position());
    return () => clocks.delete(clock);
  }, [id, onTime]);
}
