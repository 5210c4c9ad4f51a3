// talking.js -- the page: which view, and whether it is live.
//
// #/ is the list of threads, #/recordings/17 that recording with its replies. One live document is
// open at a time: over HTTP/1.1 a browser has six connections to a server, for all its windows.

import { html, render, useEffect, useState } from '../vendor/htm-preact.js';
import { List } from './list.js';
import { Thread } from './thread.js';

const STATES = { connecting: 'connecting…', live: 'live', stale: 'reconnecting…', gone: 'gone' };

function useRoute() {
  const read = () => /^#\/recordings\/([0-9]+)$/.exec(location.hash)?.[1];
  const [id, setId] = useState(read());
  useEffect(() => {
    const follow = () => setId(read());
    addEventListener('hashchange', follow);
    return () => removeEventListener('hashchange', follow);
  }, []);
  return id;
}

function Page() {
  const id = useRoute();
  const [state, setState] = useState('connecting');
  useEffect(() => scrollTo(0, 0), [id]);
  return html`
    <header class="banner">
      <a class="brand" href="#/"><img src="icon.svg" alt="" width="28" height="28" />Talking</a>
      <span class="state ${state}" role="status">${STATES[state]}</span>
    </header>
    ${id === undefined
      ? html`<${List} key="list" onState=${setState} />`
      : html`<${Thread} key=${id} id=${id} onState=${setState} />`}`;
}

render(html`<${Page} />`, document.body);
