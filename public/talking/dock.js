// dock.js -- where one speaks: records or chooses a file, listens, sends.
//
// It stands at the foot of the window and not in the thread, so that nothing that happens there (what
// is replied to is moved, folded, even deleted) touches what has been recorded. A draft is kept until
// it is sent or discarded: it survives a failed upload, another target, another view.

import { html, useEffect, useLayoutEffect, useMemo, useRef, useState } from '../vendor/htm-preact.js';
import { readName, typeOf, upload, uuid, writeName } from './api.js';
import { Hidden } from './parts.js';
import { measure } from './peaks.js';
import { forget, pause } from './player.js';
import { usePresenceOf } from './presence.js';
import { LIMIT_MS, canRecord, reasonOf, record } from './recorder.js';
import { Sound } from './sound.js';
import { clock, spoken } from './words.js';

const MOST_OCTETS = 16 * 1024 * 1024;
const METER_BARS = 48;
const DRAFT = 'draft';
const NEXT = '.record:enabled, .stop:enabled, .send';

// target: { id, author, title }, what is replied to; without an id a new thread.
export function Dock({ target, onClose, onSent }) {
  const [phase, setPhase] = useState('idle'); // idle | asking | recording | measuring | ready | sending
  const [draft, setDraft] = useState(); // { ids, blob, url, ms, peaks }
  const [trouble, setTrouble] = useState();
  const [said, setSaid] = useState('');
  const [progress, setProgress] = useState(0);
  const [name, setName] = useState(readName());
  const [title, setTitle] = useState('');
  const [music, setMusic] = useState(false);
  const [began, setBegan] = useState(0);
  const recorder = useRef();
  const takes = useRef(0); // what comes of another than the last one has been given up meanwhile
  const sending = useRef();
  const levels = useRef([]);
  const here = useRef();
  const nameField = useRef();
  usePresenceOf(target.id, name, phase === 'recording');

  async function take(blob) {
    if (blob.size === 0) {
      giveUp();
      setTrouble('Nothing was recorded. Try again.');
      return;
    }
    takes.current += 1;
    const mine = takes.current;
    setPhase('measuring');
    const measured = await measure(blob);
    if (mine !== takes.current) return;
    forget(DRAFT); // or the player would go on with the one before
    setDraft((old) => {
      if (old) URL.revokeObjectURL(old.url);
      return { ids: new Map(), blob, url: URL.createObjectURL(blob), ...measured };
    });
    setPhase('ready');
    setSaid(measured ? `${spoken(measured.ms)} recorded. Listen to it, or send it.` : 'Ready to be sent.');
    if (!measured) setTrouble('This browser cannot play it. You can send it all the same.');
  }

  async function start() {
    setTrouble(undefined);
    pause();
    setPhase('asking');
    levels.current = [];
    takes.current += 1;
    const mine = takes.current;
    try {
      const begun = await record({ music, onLevel: (level) => levels.current.push(level), onEnd: take });
      if (mine !== takes.current) { // the microphone was allowed when it was wanted no longer
        begun.discard();
        return;
      }
      recorder.current = begun;
      setBegan(Date.now());
      setPhase('recording');
      setSaid('Recording.');
    } catch (error) {
      if (mine !== takes.current) return;
      setPhase(draft ? 'ready' : 'idle');
      setTrouble(reasonOf(error));
    }
  }

  function choose(event) {
    const [file] = event.currentTarget.files;
    event.currentTarget.value = '';
    if (file === undefined) return;
    if (!typeOf(file).startsWith('audio/')) setTrouble(`${file.name} is no audio file.`);
    else if (file.size > MOST_OCTETS) setTrouble(`${file.name} has more than 16 MiB.`);
    else if (file.size === 0) setTrouble(`${file.name} is empty.`);
    else {
      setTrouble(undefined);
      take(file);
    }
  }

  // What is being recorded; the draft before it stays.
  function giveUp() {
    takes.current += 1;
    recorder.current?.discard();
    setTrouble(undefined);
    setPhase(draft ? 'ready' : 'idle');
    setSaid('');
  }

  function discard() {
    giveUp();
    sending.current?.abort();
    forget(DRAFT);
    if (draft) URL.revokeObjectURL(draft.url);
    setDraft(undefined);
    setPhase('idle');
  }

  async function send() {
    if (name.trim() === '') {
      setTrouble('Say who you are first.');
      nameField.current.focus();
      return;
    }
    writeName(name.trim());
    setTrouble(undefined);
    setProgress(0);
    setPhase('sending');
    setSaid('Sending.');
    pause();
    // Sent again it is no second one; but it is, where it is a reply to something else.
    if (!draft.ids.has(target.id)) draft.ids.set(target.id, uuid());
    sending.current = upload({ ...draft, id: draft.ids.get(target.id), author: name.trim(), title: title.trim(), parent: target.id }, setProgress);
    try {
      const id = await sending.current.promise;
      discard();
      setTitle('');
      onSent(id, target);
    } catch (error) {
      setPhase('ready');
      setTrouble(`${error.message}. Nothing is lost: send it again.`);
    }
  }

  const busy = phase === 'recording' || phase === 'asking';
  const kept = busy || phase === 'measuring' || draft !== undefined;
  useEffect(() => {
    if (!kept) return undefined;
    const ask = (event) => event.preventDefault();
    addEventListener('beforeunload', ask);
    return () => removeEventListener('beforeunload', ask);
  }, [kept]);
  useEffect(() => () => { takes.current += 1; recorder.current?.discard(); }, []);
  // It covers the foot of the page, which makes room; and takes the focus of who asked for it.
  useLayoutEffect(() => {
    const watch = new ResizeObserver(() => {
      document.documentElement.style.setProperty('--dock', `${here.current.offsetHeight}px`);
    });
    watch.observe(here.current);
    return () => { watch.disconnect(); document.documentElement.style.removeProperty('--dock'); };
  }, []);
  // What was pressed goes away with its phase: the focus goes to what comes next. Not to what stops the
  // sending, though: a key pressed twice would.
  useEffect(() => {
    if (document.activeElement !== document.body && document.activeElement !== here.current) return;
    (here.current.querySelector(NEXT) ?? here.current).focus({ preventScroll: true });
  }, [phase]);
  useEffect(() => {
    here.current.querySelector(NEXT)?.focus({ preventScroll: true });
    requestAnimationFrame(() => requestAnimationFrame(() => {
      document.getElementById(`recording-${target.id}`)?.scrollIntoView({ block: 'nearest', behavior: 'instant' });
    }));
  }, [target.id]);

  const about = target.id === undefined ? 'A new thread' : html`Reply to <b dir="auto">${target.author}</b>`;
  return html`<section class="dock ${phase}" ref=${here} tabindex="-1" aria-label="Record" onKeyDown=${(event) => { if (event.key === 'Escape' && !kept && !event.isComposing) onClose(); }}>
    <header>
      <h2>${about}${target.title && html` <span class="quote" dir="auto">${target.title}</span>`}</h2>
      <button class="close" aria-label=${kept ? 'Discard and close' : 'Close'} onClick=${() => { discard(); onClose(); }}>
        <svg aria-hidden="true" viewBox="0 0 12 12"><path d="M2 2l8 8M10 2l-8 8" /></svg>
      </button>
    </header>
    ${busy ? html`<${Live} levels=${levels} began=${began} asking=${phase === 'asking'} stop=${() => recorder.current?.stop()} discard=${giveUp} />`
      : draft && phase !== 'measuring' ? html`<${Draft} draft=${draft} phase=${phase} progress=${progress} send=${send} discard=${discard} again=${start}
          cancel=${() => sending.current?.abort()} />`
      : html`<div class="begin">
          <button class="record" disabled=${!canRecord() || phase === 'measuring'} onClick=${start}><span class="dot" aria-hidden="true" />Record</button>
          <label class="file"><input type="file" accept="audio/*" onChange=${choose} /><span>Choose an audio file</span></label>
          <label class="switch"><input type="checkbox" role="switch" checked=${music} onChange=${(e) => setMusic(e.currentTarget.checked)} />
            <span class="track" aria-hidden="true" />Music<${Hidden}>: no noise suppression, no echo cancellation<//></label>
        </div>`}
    <div class="fields">
      <label>Your name<input ref=${nameField} value=${name} maxlength="80" autocomplete="nickname" dir="auto" onInput=${(e) => setName(e.currentTarget.value)} /></label>
      <label>${target.id === undefined ? 'What is it about?' : 'In a few words, if you like'}<input value=${title} maxlength="200" dir="auto" onInput=${(e) => setTitle(e.currentTarget.value)} /></label>
    </div>
    ${!canRecord() && !draft && html`<p class="note">Browsers record on https pages alone. You can choose an audio file.</p>`}
    ${trouble && html`<p class="trouble" role="alert">${trouble}</p>`}
    <${Hidden} role="status">${said}<//>
  </section>`;
}

// While it records: how loud it is, how much time is left.
function Live({ levels, began, asking, stop, discard }) {
  const [bars, setBars] = useState([]);
  const [left, setLeft] = useState(LIMIT_MS);
  useEffect(() => {
    if (asking) return undefined;
    const timer = setInterval(() => {
      setBars(levels.current.slice(-METER_BARS));
      setLeft(Math.max(0, LIMIT_MS - (Date.now() - began)));
    }, 100);
    return () => clearInterval(timer);
  }, [asking, began]);
  const silent = !asking && LIMIT_MS - left > 3000 && Math.max(...levels.current.slice(-60), 0) < 0.01;
  const heights = [...Array(METER_BARS - bars.length).fill(0), ...bars];
  return html`<div class="live-recording">
    <button class="stop" disabled=${asking} onClick=${stop}><span class="square" aria-hidden="true" />Stop</button>
    <svg class="level" role="img" aria-label="Level" preserveAspectRatio="none" viewBox="0 0 ${4 * METER_BARS} 40">
      <path vector-effect="non-scaling-stroke" d=${heights.map((h, i) => `M${2 + 4 * i} ${20 - Math.max(0.8, 18 * h)}v${2 * Math.max(0.8, 18 * h)}`).join('')} />
    </svg>
    <span class="left ${left < 15_000 ? 'soon' : ''}">${asking ? 'Allow the microphone…' : html`${clock(left)}<span> left</span>`}</span>
    <button class="plain" onClick=${discard}>Discard</button>
    ${silent && html`<p class="note" role="status">No sound so far. Is the microphone on?</p>`}
    <${Hidden} role="status">${left < 15_000 ? '15 seconds left' : ''}<//>
  </div>`;
}

function Draft({ draft, phase, progress, send, discard, again, cancel }) {
  const track = useMemo(() => ({ id: DRAFT, url: draft.url, ms: draft.ms, label: 'your recording' }), [draft]);
  if (phase === 'sending') {
    const percent = Math.round(100 * progress);
    return html`<div class="draft">
      <progress aria-label="Sending" max="100" value=${percent}>${percent} %</progress>
      <span class="left">${percent} %</span>
      <button class="plain" onClick=${cancel}>Stop sending</button>
    </div>`;
  }
  return html`<div class="draft">
    <${Sound} track=${track} peaks=${draft.peaks} n=${72} />
    <span class="acts">
      <button class="plain" onClick=${discard}>Discard</button>
      <button class="plain" onClick=${again}>Record again</button>
      <button class="send" onClick=${send}>Send</button>
    </span>
  </div>`;
}
