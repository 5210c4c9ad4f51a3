// votes.js -- for and against: a button each, that says how many and whether one of them is yours.
//
// What was clicked shows at once; the counts are those of the live document, so that what one sees is
// what everybody sees.

import { html, useEffect, useState } from '../vendor/htm-preact.js';
import { readVotes, vote, writeVote } from './api.js';
import { Hidden } from './parts.js';

const CHANGED = 'talking.votes';

// This browser's vote on a recording, in all its windows.
function useVote(id) {
  const [mine, setMine] = useState(() => readVotes()[id] ?? 0);
  useEffect(() => {
    const look = ({ detail = id }) => { if (detail === id) setMine(readVotes()[id] ?? 0); };
    const look2 = ({ key }) => { if (key === CHANGED) look({}); };
    addEventListener(CHANGED, look);
    addEventListener('storage', look2);
    return () => { removeEventListener(CHANGED, look); removeEventListener('storage', look2); };
  }, [id]);
  const set = async (direction, onTrouble) => {
    const before = mine;
    const show = (one) => { writeVote(id, one); dispatchEvent(new CustomEvent(CHANGED, { detail: id })); };
    show(direction);
    try {
      await vote(id, direction);
    } catch (error) {
      show(before);
      onTrouble(error.message);
    }
  };
  return [mine, set];
}

export function Votes({ recording: { id, ups, downs, author } }) {
  const [mine, set] = useVote(id);
  const [trouble, setTrouble] = useState();
  useEffect(() => {
    if (trouble === undefined) return undefined;
    const timer = setTimeout(() => setTrouble(undefined), 6000);
    return () => clearTimeout(timer);
  }, [trouble]);
  const button = (direction, n, name) => html`<button class="vote ${name}" aria-pressed=${mine === direction ? 'true' : 'false'}
      title=${direction > 0 ? 'I like it' : 'I do not like it'} onClick=${() => set(mine === direction ? 0 : direction, setTrouble)}>
    <svg aria-hidden="true" viewBox="0 0 12 12"><path d=${direction > 0 ? 'M6 1.800 11 9.500H1z' : 'M6 10.200 1 2.500h10z'} /></svg>
    <${Hidden}>Vote ${direction > 0 ? 'for' : 'against'} ${author}: <//>${n.toLocaleString('en')}<${Hidden}> ${direction > 0 ? 'for' : 'against'}<//>
  </button>`;
  return html`<span class="votes" role="group" aria-label="Votes">
    ${button(1, ups, 'up')}${button(-1, downs, 'down')}
    ${trouble && html`<span class="trouble" role="alert">${trouble}</span>`}
  </span>`;
}
