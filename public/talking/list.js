// list.js -- the threads, best first: fifty, and more of them when they are wanted.

import { html, useLayoutEffect, useState } from '../vendor/htm-preact.js';
import { urlOf } from './api.js';
import { useKeptPlace, useLive, useMarks, useNow } from './hooks.js';
import { Avatar, Microphone, Replies, Time, Title, Voice, href } from './parts.js';
import { Votes } from './votes.js';
import { useWaves } from './waves.js';

const NONE = [];
const AT_FIRST = 50; // what the server gives unless asked for more
const MORE = 150;
const MOST = 1000; // what it gives at most
// When one comes back from a thread it is as it was:
let wanted = AT_FIRST;
let place = 0; // how far it was scrolled,
let followed; // and by which link one went

// Notes the place, and finds it again.
function usePlace(there) {
  useLayoutEffect(() => {
    if (!there) return undefined;
    if (place > 0) scrollTo(0, place);
    if (document.activeElement === document.querySelector('main')) {
      document.querySelector(`.entry a[href="${followed}"]`)?.focus({ preventScroll: true });
    }
    const note = () => { place = scrollY; };
    addEventListener('scroll', note, { passive: true });
    return () => {
      removeEventListener('scroll', note);
      followed = location.hash;
    };
  }, [there]);
}

export function List({ onState, onReply }) {
  const [limit, setLimit] = useState(wanted);
  const [list, , path] = useLive(urlOf(limit === AT_FIRST ? '/api/recordings' : `/api/recordings?limit=${limit}`), onState);
  const recordings = list?.recordings;
  const marks = useMarks(recordings, path);
  const waves = useWaves(recordings ?? NONE);
  const now = useNow();
  useKeptPlace(list);
  usePlace(list !== undefined);
  const more = () => {
    wanted = Math.min(limit + MORE, MOST);
    setLimit(wanted);
  };
  return html`<main tabindex="-1">
    <div class="bar">
      <h1>Threads</h1>
      <button class="speak" onClick=${() => onReply({})}><${Microphone} />Start a thread</button>
    </div>
    ${recordings?.length === 0 && html`<p class="empty">Nobody has spoken yet.</p>`}
    <ol class="threads" aria-label="Threads, best first">
      ${recordings?.map((recording) => html`<${Entry} key=${recording.id} recording=${recording} now=${now} mark=${marks.get(recording.id)} waves=${waves} />`)}
    </ol>
    ${recordings?.length >= limit && limit < MOST && html`<p class="more"><button onClick=${more}>Show more</button></p>`}
  </main>`;
}

function Entry({ recording, now, mark, waves }) {
  const { id, author, title, created_at: at, reply_count: replies } = recording;
  return html`<li id="recording-${id}">
    <article class="entry ${mark ?? ''}">
      <${Avatar} author=${author} />
      <h2><a href=${href(id)}><${Title} title=${title} /></a></h2>
      <p class="facts"><span class="author" dir="auto">${author}</span><${Time} at=${at} now=${now} /><${Replies} n=${replies} />
        ${mark === 'new' && html`<span class="badge">new</span>`}</p>
      <div class="voice"><${Voice} recording=${recording} peaks=${waves.get(id)} n=${72} /></div>
      <${Votes} recording=${recording} />
    </article>
  </li>`;
}
