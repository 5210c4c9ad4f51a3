/* stream.h -- one open SSE response.
 *
 * A stream subscribes to a key and writes to a sink. It has three ages: it waits (the request is
 * open, nothing is sent, because status 404 is still possible; for a heartbeat at most, because a proxy that
 * waits too long answers with 504), it is open, and it ends.
 *
 * At most one frame is in flight. When it has left and the key has a newer document by then, that
 * one goes next; what came in between is skipped. A document that the client has already (its
 * Last-Event-ID, or the last one sent) is never sent again. An idle stream gets a comment every
 * heartbeat, because silence cannot be told from a dead link.
 *
 * Events are never skipped. All that are pending when the last write has left go in one, up to
 * SINK_MAX_FRAMES frames, and the newest document with them; one who lets too many pile up is cut.
 * A stream that ends first sends the events that it has.
 */
#ifndef PGCRIER_STREAM_H
#define PGCRIER_STREAM_H

#include <h2o.h>
#include "hub.h"
#include "loop.h"
#include "options.h"
#include "sink.h"

struct stream;

enum { STREAM_NOTICES = 3 };

/* The streams of one worker. */
struct streams {
    struct loop *loop;
    struct hub *hub;
    uint64_t heartbeat_ns;
    size_t frame_budget;         /* octets that only slow readers may hold */
    unsigned slow_rate;          /* [octets/s] */
    uint64_t slow_time_ns;
    bool draining;
    h2o_linklist_t all;
    size_t count;
    struct timer sweep;          /* once a second: slow readers */
    struct frame *heartbeat, *gone;
    struct frame *notice[STREAM_NOTICES]; /* fixed comments; see stream.c */
};

void streams_init(struct streams *streams, struct loop *loop, struct hub *hub,
                  const struct options *options);
/* Ends every stream on an event boundary; new ones end after their first event. */
void streams_drain(struct streams *streams);

/* Ends a request for a stream that has heard nothing for a heartbeat, because the database is away: with 200,
 * or its browser would give up for ever, as it would when a proxy that had waited long enough said 504. */
void stream_postpone(h2o_req_t *req);
/* Answers `req` with the stream of a call (which has its key), of a document or a channel. `seen` is the client's
 * Last-Event-ID, "" without one. */
void stream_open(struct streams *streams, h2o_req_t *req, struct call *call, const char *seen);
/* The same of a call whose key is being found. `*owner` is the stream until it is gone, then NULL; while it is not,
 * either of the other two is to be called, once: with the call, or with the reason why there is none. */
void stream_await(struct streams *streams, h2o_req_t *req, const char *seen,
                  struct stream *_Atomic *owner);
void stream_found(struct stream *stream, struct call *call);
void stream_refuse(struct stream *stream, const struct problem *problem);

#endif
