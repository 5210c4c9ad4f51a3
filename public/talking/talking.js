// talking.js -- the page: which view, whether it is live, what is being played, and the dock.
//
// #/ is the list of threads, #/recordings/17 that recording with its replies, #/recordings/17/21 the
// same with 21 looked at. One live document is open at a time: over HTTP/1.1 a browser has six
// connections to a server, for all its windows.

import { html, render, useCallback, useEffect, useLayoutEffect, useRef, useState } from '../vendor/htm-preact.js';
import { Dock } from './dock.js';
import { List } from './list.js';
import { href } from './parts.js';
import { pause, play, usePlayer } from './player.js';
import { Thread } from './thread.js';

const STATES = { connecting: 'connecting…', live: 'live', stale: 'reconnecting…', gone: 'gone' };

function useRoute() {
  const read = () => /^#\/recordings\/([0-9]{1,10})(?:\/([0-9]{1,10}))?$/.exec(location.hash)?.slice(1) ?? [];
  const [route, setRoute] = useState(read());
  useEffect(() => {
    const follow = () => setRoute(read());
    addEventListener('hashchange', follow);
    return () => removeEventListener('hashchange', follow);
  }, []);
  return route;
}

function Page() {
  const [id, inside] = useRoute();
  const [state, setState] = useState('connecting');
  const [target, setTarget] = useState();
  const asked = useRef();
  const first = useRef(true);
  // Another view: it begins at its top, for ears and keys as well.
  useLayoutEffect(() => {
    scrollTo(0, 0);
    if (!first.current && document.activeElement === document.body) document.querySelector('main').focus({ preventScroll: true });
    first.current = false;
  }, [id]);
  const onReply = useCallback((next) => {
    asked.current = document.activeElement;
    setTarget(next);
  }, []);
  const close = () => {
    setTarget(undefined);
    if (asked.current?.isConnected) asked.current.focus({ preventScroll: true });
  };
  const sent = (newest, { id: parent }) => {
    close();
    if (parent === undefined) location.hash = href(newest);
  };
  return html`
    <header class="banner">
      <a class="brand" href="#/"><img src="icon.svg" alt="" width="28" height="28" />Talking</a>
      <${Playing} />
      <span class="state ${state}" role="status">${STATES[state]}</span>
    </header>
    ${id === undefined
      ? html`<${List} key="list" onState=${setState} onReply=${onReply} />`
      : html`<${Thread} key=${id} id=${id} inside=${inside && Number(inside)} onState=${setState} onReply=${onReply} />`}
    ${target && html`<${Dock} target=${target} onClose=${close} onSent=${sent} />`}`;
}

// What is being played, wherever its row may be.
function Playing() {
  const { track, playing } = usePlayer();
  if (track === undefined || track.id === 'draft') return null;
  return html`<button class="playing" onClick=${() => (playing ? pause() : play(track))}>
    <svg aria-hidden="true" viewBox="0 0 16 16"><path d=${playing ? 'M3 2h3.600v12H3zM9.400 2H13v12H9.400z' : 'M3.500 1.800v12.400L14 8z'} /></svg>
    <span><span class="hidden">${playing ? 'Pause' : 'Go on playing'} </span>${track.label}</span>
  </button>`;
}

render(html`<${Page} />`, document.body);
