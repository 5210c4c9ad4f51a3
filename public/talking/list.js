// list.js -- all threads, best first.

import { html } from '../vendor/htm-preact.js';
import { useKeptFocus, useLive, useMarks, useNow } from './hooks.js';
import { Avatar, Length, Replies, Time, Title, Votes, href } from './parts.js';

export function List({ onState }) {
  const [list] = useLive('/api/recordings', onState);
  const recordings = list?.recordings;
  const marks = useMarks(recordings);
  const now = useNow();
  useKeptFocus();
  return html`<main>
    <h1 class="hidden">All threads, best first</h1>
    ${recordings?.length === 0 && html`<p class="empty">Nobody has spoken yet.</p>`}
    <ol class="threads">
      ${recordings?.map((recording) => html`<${Entry} key=${recording.id} recording=${recording} now=${now} mark=${marks.get(recording.id)} />`)}
    </ol>
  </main>`;
}

function Entry({ recording, now, mark }) {
  const { id, author, title, created_at: at, duration_ms: ms, ups, downs, reply_count: replies } = recording;
  return html`<li>
    <article class="entry ${mark ?? ''}">
      <${Avatar} author=${author} />
      <h2><a href=${href(id)}><${Title} title=${title} /></a></h2>
      <p class="facts"><span class="author" dir="auto">${author}</span><${Time} at=${at} now=${now} /><${Replies} n=${replies} /></p>
      <p class="facts end"><${Length} id=${id} ms=${ms} /><${Votes} ups=${ups} downs=${downs} /></p>
    </article>
  </li>`;
}
