// sound.js -- a button, a waveform, a time: what plays a recording.

import { html, useCallback, useMemo, useRef, useState } from '../vendor/htm-preact.js';
import { length, play, position, seek, toggle, useClock, usePlayer } from './player.js';
import { bars, decode } from './peaks.js';
import { clock, spoken } from './words.js';

const HEIGHT = 40;
const STEP = 4;
const SILENCE = 'A'.repeat(60);

// Bars of a waveform, upwards and downwards from the middle.
export function outline(peaks) {
  return peaks.map((peak, i) => {
    const half = Math.max(1, peak * (HEIGHT / 2 - 2));
    return `M${STEP / 2 + STEP * i} ${(HEIGHT / 2 - half).toFixed(1)}v${(2 * half).toFixed(1)}`;
  }).join('');
}

const Wave = ({ peaks, className }) => html`
  <svg class="wave ${className ?? ''}" aria-hidden="true" preserveAspectRatio="none" viewBox="0 0 ${STEP * peaks.length} ${HEIGHT}">
    <path d=${outline(peaks)} vector-effect="non-scaling-stroke" />
  </svg>`;

const PLAY = 'M3.5 1.8v12.4L14 8z';
const PAUSE = 'M3 2h3.6v12H3zM9.400 2H13v12H9.400z';

// track: of player.js; peaks: as text, if they are known; n: how many bars.
export function Sound({ track, peaks = SILENCE, n = 60 }) {
  const { track: current, playing: any, failed } = usePlayer();
  const active = current?.id === track.id;
  const playing = active && any;
  const wave = useRef();
  const [second, setSecond] = useState(0);
  const heights = useMemo(() => bars(decode(peaks), n), [peaks, n]);
  const onTime = useCallback((seconds) => {
    const all = length(track);
    wave.current?.style.setProperty('--played', `${all > 0 ? Math.min(100, (100 * seconds) / all) : 0}%`);
    setSecond(Math.floor(seconds + 0.05));
  }, [track.id, track.ms]);
  useClock(track.id, onTime);
  const all = length(track);
  return html`<div class="sound ${active ? 'active' : ''}">
    <button class="play" aria-label="${playing ? 'Pause' : 'Play'} ${track.label}" onClick=${() => toggle(track)}>
      <svg aria-hidden="true" viewBox="0 0 16 16"><path d=${playing ? PAUSE : PLAY} /></svg>
    </button>
    <div class="waves" ref=${wave} role="slider" tabindex="0" aria-label="Position in ${track.label}" aria-valuemin="0"
      aria-valuemax=${Math.ceil(all)} aria-valuenow=${active ? Math.min(second, Math.ceil(all)) : 0}
      aria-valuetext="${spoken(active ? second * 1000 : 0)} of ${spoken(all * 1000)}"
      onKeyDown=${(event) => onKey(event, track)} onPointerDown=${(event) => onPointer(event, track)}
      onPointerMove=${(event) => onDrag(event, track)} onPointerUp=${(event) => { if (isFinger(event)) play(track, at(event, track)); }}>
      <${Wave} peaks=${heights} />
      <${Wave} peaks=${heights} className="done" />
    </div>
    ${active && failed ? html`<span class="trouble" role="alert">It cannot be played</span>`
      : html`<span class="time" aria-hidden="true">${active ? `${clock(second * 1000)} / ` : ''}${all > 0 ? clock(all * 1000) : ''}</span>`}
  </div>`;
}

function at({ currentTarget, clientX }, track) {
  const { left, width } = currentTarget.getBoundingClientRect();
  return (Math.max(0, Math.min(1, (clientX - left) / width))) * length(track);
}

// A finger may be about to scroll the page: it means the sound when it moves sideways, or is lifted where
// it was. The browser cancels the others.
const isFinger = ({ pointerType }) => pointerType === 'touch';
let landed;

function onPointer(event, track) {
  if (event.button !== 0) return;
  event.currentTarget.setPointerCapture(event.pointerId);
  landed = event;
  if (!isFinger(event)) play(track, at(event, track));
}

function onDrag(event, track) {
  if (!event.currentTarget.hasPointerCapture(event.pointerId)) return;
  const scrolls = isFinger(event) && Math.abs(event.clientX - landed.clientX) <= Math.abs(event.clientY - landed.clientY);
  if (!scrolls) seek(track, at(event, track));
}

function onKey(event, track) {
  const all = length(track);
  const here = event.currentTarget.closest('.active') ? position() : 0;
  const step = Math.min(5, Math.max(0.5, all / 20));
  const there = {
    ArrowRight: here + step, ArrowUp: here + step, ArrowLeft: here - step, ArrowDown: here - step,
    PageUp: here + 4 * step, PageDown: here - 4 * step, Home: 0, End: all - 0.5,
  }[event.key];
  if (event.key === ' ' || event.key === 'Enter') toggle(track);
  else if (there !== undefined && !event.altKey && !event.ctrlKey && !event.metaKey) seek(track, there);
  else return;
  event.preventDefault();
}
