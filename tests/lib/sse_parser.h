/* sse_parser.h -- a strict reference parser of event streams (WHATWG HTML, 9.2.6).
 *
 * Follows the standard's text state by state, an octet at a time, and keeps everything it saw, so
 * that a test can compare. It accepts what the standard accepts and counts as an oddity what a
 * well-behaved server never sends: unknown fields, an id with NUL, a retry that is not digits.
 */
#ifndef PGCRIER_TESTS_SSE_PARSER_H
#define PGCRIER_TESTS_SSE_PARSER_H

#include <stdbool.h>
#include <stddef.h>
#include "buffer.h"

struct sse_event {
    char *type; /* "message" unless the stream said otherwise */
    char *data;
    size_t length;
    char *id; /* the last event id as of this event */
};

struct sse_parser {
    struct sse_event *events; /* dispatched, oldest first */
    size_t count;
    size_t comments;
    size_t oddities;
    long retry; /* [ms], -1 while not set */
    char *last_id;
    struct buffer line, data, type, id; /* being read */
    size_t octets;                      /* of the stream, for the BOM */
    bool after_cr;
};

void sse_init(struct sse_parser *p);
void sse_feed(struct sse_parser *p, const void *bytes, size_t length);
/* Whether the stream could end here without losing anything. */
bool sse_is_idle(const struct sse_parser *p);
void sse_dispose(struct sse_parser *p);

/* Decodes exactly one chunk of Transfer-Encoding: chunked (RFC 9112, section 7.1) that fills
 * `chunk` to its last octet. Returns its content, within `chunk`, or NULL. */
const char *sse_unchunk(const char *chunk, size_t length, size_t *content);

#endif
