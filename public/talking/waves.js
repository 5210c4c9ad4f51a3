// waves.js -- the peaks of the recordings that are shown, asked for together, kept for ever.

import { useEffect, useState } from '../vendor/htm-preact.js';
import { urlOf } from './api.js';

const AT_ONCE = 500; // what talking.waveforms takes
const AGAIN_MS = 5000;
const known = new Map(); // id -> peaks; undefined while they are on their way, or where there are none

async function ask(ids) {
  for (const id of ids) known.set(id, undefined);
  try {
    const answer = await fetch(urlOf(`/api/waveforms?ids=${encodeURIComponent(`[${ids}]`)}`));
    const { waveforms } = await answer.json();
    for (const id of ids) known.set(id, waveforms[id]);
  } catch { // a network or server that is away: asked again, later
    await new Promise((resolve) => { setTimeout(resolve, AGAIN_MS); });
    for (const id of ids) known.delete(id);
  }
}

export function useWaves(recordings) {
  const [answers, setAnswers] = useState(0);
  const missing = recordings.filter(({ id, audio }) => audio !== null && !known.has(id)).map(({ id }) => id);
  useEffect(() => {
    for (let i = 0; i < missing.length; i += AT_ONCE) {
      ask(missing.slice(i, i + AT_ONCE)).then(() => setAnswers((n) => n + 1));
    }
  }, [missing.join(), answers]); // the same may be missing after an answer, if that was none
  return known;
}
