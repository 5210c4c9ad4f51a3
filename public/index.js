// index.js -- the front page: a button that copies, and a line that is live itself.

import { live } from './crier.js';

const byId = (id) => document.getElementById(id);

if (navigator.clipboard) {
  const button = byId('copy');
  button.hidden = false;
  button.addEventListener('click', async () => {
    await navigator.clipboard.writeText(byId('command').textContent.replace(/\n\s*/, ' '));
    button.textContent = 'Copied';
    setTimeout(() => { button.textContent = 'Copy'; }, 2000);
  });
}

const LISTED = 50; // at most
let before;
const say = (line) => { byId('live').textContent = line; };
live(new URL('api/recordings', import.meta.url).pathname, ({ recordings }) => {
  const replies = recordings.reduce((sum, { reply_count: n }) => sum + n, 0);
  const threads = recordings.length < LISTED ? recordings.length : `The best ${LISTED}`;
  const line = `${threads} threads and ${replies} replies at this moment.`;
  say(before === undefined || before === line ? line : `${line} It has just changed.`);
  before = line;
}, {
  onState(state) {
    if (before !== undefined) say(state === 'stale' ? 'Reconnecting…' : before);
  },
});
