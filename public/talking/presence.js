// presence.js -- who is recording a reply to what, just now.
//
// Nothing of it is stored anywhere: who records says so every three seconds, and whoever has not said
// so for eight is forgotten, however he went.

import { useCallback, useEffect, useRef, useState } from '../vendor/htm-preact.js';
import { say, sayAtLast, session } from './api.js';

const EVERY_MS = 3000;
const FORGOTTEN_MS = 8000;

// Says that this window is recording a reply to that recording, for as long as it is.
export function usePresenceOf(id, who, recording) {
  const name = useRef();
  name.current = who.trim().slice(0, 80) || 'Somebody';
  useEffect(() => {
    if (!recording || id === undefined) return undefined;
    let said;
    const again = () => { said = say(id, name.current, 'recording'); };
    const leave = () => sayAtLast(id, name.current, 'idle');
    again();
    const timer = setInterval(again, EVERY_MS);
    addEventListener('pagehide', leave);
    return () => {
      clearInterval(timer);
      removeEventListener('pagehide', leave);
      said.then(() => say(id, name.current, 'idle')); // at once it might overtake
    };
  }, [id, recording]);
}

// [those who are recording: Map from key to { id, who, at }, what is to be called with announcements]
export function useOthers() {
  const [others, setOthers] = useState(new Map());
  const heard = useCallback(({ id, who, state, session: theirs }) => {
    if (theirs === session) return;
    setOthers((old) => {
      const next = new Map(old);
      const key = `${id} ${theirs ?? who}`;
      if (state === 'recording') next.set(key, { id, who, at: Date.now() });
      else next.delete(key);
      return next;
    });
  }, []);
  useEffect(() => {
    if (others.size === 0) return undefined;
    const oldest = Math.min(...[...others.values()].map(({ at }) => at));
    const timer = setTimeout(() => setOthers((old) => new Map([...old].filter(([, { at }]) => Date.now() - at < FORGOTTEN_MS))),
      Math.max(0, oldest + FORGOTTEN_MS - Date.now()) + 10);
    return () => clearTimeout(timer);
  }, [others]);
  return [others, heard];
}
