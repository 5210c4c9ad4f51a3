// crier.js -- follow a live document.
//
//   const stop = live('/api/posts/17', (document) => …, { event: 'data', onState: (state) => … });
//
// onDocument gets the current document at once and every later one; documents may be skipped, the
// newest always arrives. States: `connecting` (nothing has come yet), `live`, `stale` (what is shown
// may be old; it reconnects by itself), `gone` (there is no such document, or no longer; the end).
// A browser's EventSource gives up for ever on any status but 200, and on some failures of networks:
// then this opens another one, later and later, at most half a minute apart.

const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 30_000;

export function live(path, onDocument, { event = 'message', onState = () => {} } = {}) {
  let source;
  let timer;
  let state;
  let lastId;
  let wait = FIRST_WAIT_MS;

  const say = (next) => {
    if (next === state) return;
    state = next;
    onState(state);
  };

  function open() {
    clearTimeout(timer);
    source = new EventSource(lastId ? withQuery(path, '_last_event_id', lastId) : path);
    source.addEventListener('open', () => {
      wait = FIRST_WAIT_MS;
      if (lastId !== undefined) say('live');
    });
    source.addEventListener(event, ({ data, lastEventId }) => {
      lastId = lastEventId;
      say('live');
      onDocument(JSON.parse(data));
    });
    source.addEventListener('gone', end);
    source.addEventListener('error', () => {
      say(lastId === undefined ? 'connecting' : 'stale');
      if (source.readyState === EventSource.CLOSED) tryAgain(source);
    });
  }

  // EventSource does not tell the status that made it give up. 404 is final, anything else may pass.
  async function tryAgain(failed) {
    const answer = await fetch(path, { method: 'HEAD', cache: 'no-store' }).catch(() => undefined);
    if (source !== failed) return;
    if (answer?.status === 404) {
      end();
      return;
    }
    timer = setTimeout(open, wait * (0.5 + Math.random()));
    wait = Math.min(2 * wait, LONGEST_WAIT_MS);
  }

  function onOnline() {
    if (source.readyState === EventSource.CLOSED) open();
  }

  function stop() {
    clearTimeout(timer);
    removeEventListener('online', onOnline);
    source?.close();
    source = undefined;
  }

  function end() {
    stop();
    say('gone');
  }

  addEventListener('online', onOnline);
  say('connecting');
  open();
  return stop;
}

function withQuery(path, name, value) {
  return `${path}${path.includes('?') ? '&' : '?'}${name}=${encodeURIComponent(value)}`;
}
