// thread.js -- one recording and all its replies.
//
// Rows are made for the first few hundred replies; the others wait for a button, because a thread
// may have a hundred thousand. New replies are marked for a moment where they are; nothing scrolls
// by itself, and whoever wants to see one that is elsewhere on the page finds a button for it.

import { html, useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from '../vendor/htm-preact.js';
import { urlOf } from './api.js';
import { useKeptPlace, useLive, useMarks, useNow } from './hooks.js';
import { Avatar, Hidden, Microphone, Replies, Time, Title, Voice, href } from './parts.js';
import { useOthers } from './presence.js';
import { openRows, rowsOf } from './tree.js';
import { Votes } from './votes.js';
import { useWaves } from './waves.js';
import { count } from './words.js';

const ROWS_AT_FIRST = 200;
const MORE_ROWS = 500;
const DEEPEST_INDENT = 7; // below it, replies say whom they answer

const NONE = [];

export function Thread({ id, inside, onState, onReply }) {
  const [others, heard] = useOthers();
  const on = useMemo(() => ({ presence: heard }), []);
  const [root, state] = useLive(urlOf(`/api/recordings/${id}`), onState, on);
  const now = useNow();
  if (state === 'gone') {
    return html`<main tabindex="-1"><${Back} /><h1 class="title">This recording is not here</h1>
      <p class="empty">It was deleted, or never existed.</p></main>`;
  }
  return html`<main tabindex="-1">
    <${Back} />
    ${root && html`<${Replied} root=${root} now=${now} inside=${inside} others=${others} onReply=${onReply} />`}
  </main>`;
}

const Back = () => html`<nav aria-label="Back"><a class="back" href="#/">All threads</a></nav>`;

function Opening({ recording, now, peaks, who, onReply }) {
  const { id, author, title, created_at: at } = recording;
  useEffect(() => {
    document.title = `${title ?? 'Voice message'} · Talking`;
    return () => { document.title = 'Talking'; };
  }, [title]);
  return html`<header class="opening" id="recording-${id}">
    <h1 class="title"><${Title} title=${title} /></h1>
    <p class="facts"><${Avatar} author=${author} /><span class="author" dir="auto">${author}</span><${Time} at=${at} now=${now} /></p>
    <${Voice} recording=${recording} peaks=${peaks} n=${110} />
    <div class="facts acts"><${Votes} recording=${recording} />
      <button class="speak" onClick=${() => onReply(recording)}><${Microphone} />Reply<${Hidden}> to ${author}<//></button></div>
    <${Who} who=${who} />
  </header>`;
}

// "Ben is recording a reply…"
function Who({ who }) {
  if (who === undefined) return null;
  const names = who.length > 3 ? `${who.length} people` : new Intl.ListFormat('en').format(who);
  return html`<p class="who"><span class="dots" aria-hidden="true"><i /><i /><i /></span><span><bdi>${names}</bdi>${who.length > 1 ? ' are recording replies…' : ' is recording a reply…'}</span></p>`;
}

// Who is recording a reply, by the row where that shows: the recording's own, or, where that is folded
// away, the nearest above it.
function whoAt(others, rows, shown) {
  const at = new Map();
  const seen = new Set(shown);
  for (const { id, who } of others.values()) {
    let row = rows.find(({ recording }) => recording.id === id);
    while (row?.parent && !seen.has(row)) row = row.parent;
    if (row) at.set(row.recording.id, [...at.get(row.recording.id) ?? [], who]);
  }
  return at;
}

function Replied({ root, now, inside, others, onReply }) {
  const rows = useMemo(() => rowsOf(root), [root]);
  const recordings = useMemo(() => rows.map(({ recording }) => recording), [rows]);
  const marks = useMarks(recordings);
  const [closed, setClosed] = useState(new Set());
  const [limit, setLimit] = useState(ROWS_AT_FIRST);
  const shown = useMemo(() => openRows(rows, closed).slice(1), [rows, closed]);
  const made = shown.slice(0, limit);
  const waves = useWaves(useMemo(() => [root, ...made.map(({ recording }) => recording)], [rows, closed, limit]));
  const who = others.size > 0 ? whoAt(others, rows, made) : new Map();
  const toggle = useCallback((id) => setClosed((old) => toggled(old, id)), []);
  const branches = () => new Set(rows.filter(({ depth, recording }) => depth === 1 && recording.replies.length > 0)
    .map(({ recording }) => recording.id));
  const reveal = (id) => {
    const row = rows.find(({ recording }) => recording.id === id);
    if (row === undefined) return;
    const open = new Set(closed);
    for (let above = row.parent; above; above = above.parent) open.delete(above.recording.id);
    setClosed(open);
    setLimit((old) => Math.max(old, openRows(rows, open).indexOf(row) + ROWS_AT_FIRST));
    requestAnimationFrame(() => requestAnimationFrame(() => show(id)));
  };
  useEffect(() => { if (inside !== undefined) reveal(inside); }, [inside]);
  useKeptPlace(root);
  return html`
    <${Opening} recording=${root} now=${now} peaks=${waves.get(root.id)} who=${who.get(root.id)} onReply=${onReply} />
    ${inside !== undefined && !recordings.some(({ id }) => id === inside) && html`<p class="empty" role="status">
      The reply that this link leads to is not in this thread. <a class="alone" href=${href(inside)}>Look for it elsewhere</a></p>`}
    <section aria-labelledby="replies">
    <div class="bar">
      <h2 id="replies"><${Replies} n=${root.reply_count} /></h2>
      ${rows.some(({ depth }) => depth > 1) && (closed.size > 0
        ? html`<button class="plain" onClick=${() => setClosed(new Set())}>Expand all</button>`
        : html`<button class="plain" onClick=${() => setClosed(branches())}>Collapse all</button>`)}
    </div>
    <ol class="replies">
      ${made.map((row) => html`<${Row} key=${row.recording.id} row=${row} root=${root.id} now=${now} toggle=${toggle} peaks=${waves.get(row.recording.id)}
        open=${!closed.has(row.recording.id)} mark=${marks.get(row.recording.id)} who=${who.get(row.recording.id)}
        here=${row.recording.id === inside} onReply=${onReply} />`)}
    </ol>
    ${shown.length > limit && html`<p class="more">
      <button onClick=${() => setLimit(limit + MORE_ROWS)}>Show more<span> (${(shown.length - limit).toLocaleString('en')} left)</span></button>
    </p>`}
    <${Arrivals} marks=${marks} recordings=${recordings} reveal=${reveal} others=${others} />
    <${Invitation} id=${root.id} />
  </section>`;
}

function toggled(closed, id) {
  const next = new Set(closed);
  if (!next.delete(id)) next.add(id);
  return next;
}

// Made anew where something of it differs: thousands may be shown, and one changes.
function Row(props) {
  const { row: { recording, depth, parent }, root, now, open, mark, who, here, peaks } = props;
  const { id, author, title, created_at: at, reply_count: replies, ups, downs, audio, duration_ms: ms } = recording;
  return useMemo(() => rowOf(props), [id, author, title, at, replies, ups, downs, audio, ms, depth, parent.recording.author,
    root, now, open, mark, who?.join(), here, peaks]);
}

function rowOf({ row: { recording, depth, parent }, root, now, toggle, open, mark, who, here, peaks, onReply }) {
  const { id, author, title, created_at: at, reply_count: replies } = recording;
  const to = parent.recording.author;
  const indent = Math.min(depth - 1, DEEPEST_INDENT);
  return html`<li id="recording-${id}" class="row ${mark ?? ''} ${here ? 'here' : ''} ${open ? '' : 'closed'} ${open && replies > 0 && depth <= DEEPEST_INDENT ? 'branch' : ''}" style=${{ '--indent': indent }} tabindex="-1">
    <article>
      <header>
        <${Avatar} author=${author} />
        <h3 class="author" dir="auto">${author}</h3>
        ${depth > DEEPEST_INDENT && html`<span class="deep" title="Level ${depth}">to ${to}</span>`}
        <${Hidden}>replies to ${to}, level ${depth}<//>
        <a class="when" href=${href(id, root)}><${Time} at=${at} now=${now} /></a>
        ${mark === 'new' && html`<span class="badge">new</span>`}
      </header>
      ${(title || recording.audio === null) && html`<p class="words"><${Title} title=${title} /></p>`}
      <${Voice} recording=${recording} peaks=${peaks} n=${72} />
      <footer class="facts">
        <${Votes} recording=${recording} />
        <button class="plain reply" onClick=${() => onReply(recording)}>Reply<${Hidden}> to ${author}<//></button>
        ${replies > 0 && html`<button class="fold" aria-expanded=${open ? 'true' : 'false'} onClick=${() => toggle(id)}>
          <svg aria-hidden="true" viewBox="0 0 12 12"><path d="M2 4l4 4 4-4" /></svg>
          ${open ? html`<${Hidden}>Collapse <//>` : 'Show '}${count(replies, 'reply')}<${Hidden}> to ${author}<//>
        </button>`}
        ${depth > DEEPEST_INDENT && replies > 0 && html`<a class="plain alone" href=${href(id)}>This branch alone</a>`}
      </footer>
      <${Who} who=${who} />
    </article>
  </li>`;
}

// Says that replies came, and leads to those that are not in view.
function Arrivals({ marks, recordings, reveal, others }) {
  const waiting = useRef(new Set());
  const [elsewhere, setElsewhere] = useState([]);
  const fresh = [...marks].filter(([, mark]) => mark === 'new').map(([id]) => id);
  const look = useCallback(() => {
    for (const id of waiting.current) if (inView(id)) waiting.current.delete(id);
    setElsewhere((old) => (old.length === waiting.current.size && old.every((id) => waiting.current.has(id))
      ? old : [...waiting.current]));
  }, []);
  useLayoutEffect(() => {
    for (const id of fresh) waiting.current.add(id);
    look();
  }, [fresh.join()]);
  useLayoutEffect(() => {
    const there = new Set(recordings.map(({ id }) => id));
    for (const id of waiting.current) if (!there.has(id)) waiting.current.delete(id);
    look();
  }, [recordings]);
  useEffect(() => {
    addEventListener('scroll', look, { passive: true });
    return () => removeEventListener('scroll', look);
  }, []);
  const go = () => {
    const [id] = elsewhere;
    waiting.current.delete(id);
    reveal(id);
    look();
  };
  return html`<div class="arrivals">
    <${Hidden} role="status">${fresh.length > 0 ? `${count(fresh.length, 'reply')} just arrived` : ''}<//>
    <${Hidden} role="status">${[...others.values()].map(({ who }) => `${who} is recording a reply. `)}<//>
    ${elsewhere.length > 0 && html`<button onClick=${go}>${count(elsewhere.length, 'new reply')}</button>`}
  </div>`;
}

function inView(id) {
  const box = document.getElementById(`recording-${id}`)?.getBoundingClientRect();
  return box !== undefined && box.top < innerHeight && box.bottom > 0;
}

function show(id) {
  const row = document.getElementById(`recording-${id}`);
  const calm = matchMedia('(prefers-reduced-motion: reduce)').matches;
  row?.scrollIntoView({ block: 'center', behavior: calm ? 'auto' : 'smooth' });
  row?.focus({ preventScroll: true });
}

const Invitation = ({ id }) => html`<aside class="invitation">
  <h2>Join in from psql</h2>
  <pre><code>INSERT INTO talking.recordings (parent_id, author, title)
VALUES (${id}, 'you', 'Hello from psql');</code></pre>
</aside>`;
