/* sink.h -- where a subscriber's bytes go: write, finish, abort.
 *
 * A stream speaks to a sink and to nothing behind it. Whether that is a socket taken over from
 * libh2o after the headers (sink_http1.c) or something else is the sink's secret.
 *
 * One write at a time: after write() nothing more until written() is called. The frames must live
 * until then. finish() and abort() are the last call; the sink frees itself and calls back no more.
 */
#ifndef PGCRIER_SINK_H
#define PGCRIER_SINK_H

#include <stdint.h>
#include "frame.h"

enum { SINK_MAX_FRAMES = 64 }; /* in one write */

struct sink;

struct sink_ops {
    /* 1 … SINK_MAX_FRAMES frames, in this order; the array itself is the caller's, on return. */
    void (*write)(struct sink *sink, struct frame *const *frames, size_t count);
    void (*finish)(struct sink *sink); /* ends the response on an event boundary; nothing in flight */
    void (*abort)(struct sink *sink);  /* drops whatever is in flight */
    /* Octets that the peer has acknowledged so far, to tell slow from stuck; UINT64_MAX: not known. */
    uint64_t (*acknowledged)(struct sink *sink);
};

/* What the sink tells its stream, from the loop, never from within a call of the ops. */
struct sink_events {
    /* What was written has left, just now; the next may come. The time is told, because the many who
     * share one write would each ask for it. */
    void (*written)(void *data, uint64_t now_ns);
    void (*closed)(void *data);  /* the client is gone; the sink is freed after this */
};

struct sink {
    const struct sink_ops *ops;
    const struct sink_events *events;
    void *data;
};

#endif
