/* frame.h -- the immutable bytes of one SSE event, encoded once, shared by all who get it.
 *
 * A frame belongs to nobody and to everybody: an atomic count of references, no lock, no change
 * after it is made, so any thread may write it to any number of sockets. The same bytes serve
 * three ways: as an event (HTTP/2, HTTP/1.0), as that event inside one chunk of
 * Transfer-Encoding: chunked, and, for a document, as the body of a JSON answer.
 *
 * A document's bytes are taken as they come from PostgreSQL. CR and LF can stand only between
 * tokens of valid JSON; they become spaces, in place, so that the event is one data: line
 * (WHATWG HTML, 9.2.6). A large document is not copied: the frame keeps its owner (a PGresult)
 * until the last reader is done.
 */
#ifndef PGCRIER_FRAME_H
#define PGCRIER_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

enum {
    FRAME_ID_LENGTH = 22,      /* 128 bits of SHA-256 in base64url (RFC 4648, section 5) */
    FRAME_COPY_BELOW = 16384,  /* documents shorter than this are copied next to their head */
    FRAME_MAX_IOV = 3,
};

struct frame;

/* Makes the frame of a document and hashes it. `json` is changed in place (CR, LF) and either
 * copied, whereupon release(owner) is called before this returns, or kept until the last reference
 * is gone, whereupon release(owner) is called, on whichever thread that is. `release` may be NULL.
 * `event` may be NULL: "message".
 * `noticed_ns` is when the change became known (CLOCK_MONOTONIC), 0 when nothing announced it. */
struct frame *frame_document(const char *event, char *json, size_t length,
                             void (*release)(void *owner), void *owner, uint64_t noticed_ns);
/* A frame of fixed text, already in SSE syntax and ending in a blank line: comments, `gone`. */
struct frame *frame_text(const char *sse);
/* A frame of `count` whole events in SSE syntax, which are copied: `sse` ends in a blank line. */
struct frame *frame_events(const char *sse, size_t length, size_t count, uint64_t noticed_ns);

struct frame *frame_ref(struct frame *f);
void frame_unref(struct frame *f); /* NULL is fine */

const char *frame_id(const struct frame *f);          /* NUL-terminated; "" but for a document */
const char *frame_json(const struct frame *f, size_t *length);
uint64_t frame_noticed_ns(const struct frame *f);
size_t frame_size(const struct frame *f);             /* octets of the event */
size_t frame_event_count(const struct frame *f);      /* a document is 1, a frame of text 0 */
/* Fill iov with the event, plain or as one chunk; return how many were filled. */
int frame_event(const struct frame *f, struct iovec iov[FRAME_MAX_IOV]);
int frame_chunk(const struct frame *f, struct iovec iov[FRAME_MAX_IOV]);

/* Octets of all frames alive, and of those alive only because slow readers still hold them. */
size_t frame_bytes_alive(void);
size_t frame_bytes_stale(void);
/* Says that a newer frame has taken this one's place (once or more; counted once). */
void frame_supersede(struct frame *f);
/* Condemns as many stale frames, those superseded first, as make up what is over the budget: all who
 * hold one, on whichever thread, have to let go of it. */
void frame_condemn(size_t budget);
bool frame_is_condemned(const struct frame *f);

#endif
