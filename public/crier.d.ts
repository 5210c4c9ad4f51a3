/** connecting: nothing has come yet; stale: it may be old, and reconnects; gone: none, or a wrong address; the end. */
export type State = 'connecting' | 'live' | 'stale' | 'gone';

export interface Options {
  /** The name of the route's event; `message` if it names none. */
  event?: string;
  /** Announcements, by the name of their event. */
  on?: Record<string, (data: any) => void>;
  /**
   * Called with every change of state; status is that of the answer which made the stream fail. 400, 404,
   * 405, 406, 410, 414 and 421 speak of the address and are the end: gone. Anything else is tried again.
   */
  onState?: (state: State, status?: number) => void;
  /** Hand on what comes as text, instead of parsing it as JSON. */
  text?: boolean;
}

/**
 * Follows the live document at a path: onDocument gets the current one and every later one, for ever,
 * whatever fails meanwhile. Callers share the document, so it is not for changing. Without onDocument
 * it follows events alone. Returns a function that stops it.
 */
export function live<Document = unknown>(
  path: string,
  onDocument?: ((document: Document) => void) | null,
  options?: Options,
): () => void;
