/* negotiate.h -- what a client prefers (RFC 9110, sections 8.8.3, 12.5.1 and 13.1.2).
 *
 * Total functions over hostile header text: whatever comes in, an answer comes out.
 */
#ifndef PGCRIER_NEGOTIATE_H
#define PGCRIER_NEGOTIATE_H

#include <stdbool.h>
#include <stddef.h>

/* Whether text/event-stream is preferred to application/json: by q-value; then a type that is named
 * goes before one that only a range covers (RFC 9110 calls the name more specific); then by order
 * in the header. No header, garbage, or both covered only by ranges of one q-value mean JSON. */
bool negotiate_stream(const char *accept, size_t length);

/* Whether text/event-stream is accepted at all; without a header anything is. */
bool negotiate_accepts_stream(const char *accept, size_t length);

/* Whether If-None-Match names `etag` (opaque part, no quotes), compared weakly; '*' names all. */
bool negotiate_none_match(const char *header, size_t length, const char *etag);

/* Whether a Last-Event-ID could be one of ours: 1 to 64 of [A-Za-z0-9_-]. */
bool negotiate_is_event_id(const char *id, size_t length);

#endif
