/* fanout.h -- events on their way from the listener to the workers.
 *
 * What arrives in one go is gathered by where it is to be heard (a topic, or a channel) and encoded
 * once: many small events make one frame of up to FANOUT_FRAME_MAX octets. Then each worker that
 * has subscribers gets one message with all of it, and the frames are shared by all. So a burst of
 * a thousand notifications costs each worker one wake-up, and each subscriber one write.
 *
 * Who hears a topic or a channel is looked up once in a batch, so nothing may change that between
 * the first event of a batch and fanout_flush(); that is one turn of the core's loop.
 *
 * What the workers have yet to take is limited: over FANOUT_MAX_UNTAKEN octets the subscribers of
 * what comes next are cut, as if their own queues had overflowed.
 */
#ifndef PGCRIER_FANOUT_H
#define PGCRIER_FANOUT_H

#include <stdatomic.h>
#include <uthash.h>
#include "buffer.h"
#include "frame.h"
#include "route.h"

enum {
    FANOUT_FRAME_MAX = 65536,     /* octets of a frame of several events */
    FANOUT_BATCH_MAX = 262144,    /* octets of a batch; then it leaves, burst or not */
    FANOUT_MAX_UNTAKEN = 32 << 20,
};

struct fanout_target {
    struct call *call; /* a reference; its key names the subscribers */
    uint64_t watchers; /* bit i: worker i has some */
};

/* What is to be heard in one place. */
struct fanout_group {
    char *name;
    struct fanout_target *targets;
    size_t target_count;
    struct frame **frames;
    size_t frame_count;
    bool lost; /* there would be frames, but they are too many */
    /* While it is gathered: */
    struct buffer sse; /* of the frame at hand */
    size_t events;
    uint64_t noticed_ns;
    UT_hash_handle hh;
};

enum fanout_place { FANOUT_TOPIC, FANOUT_CHANNEL, FANOUT_PLACES };

/* Immutable once it is sent; shared by the workers. */
struct fanout_batch {
    _Atomic size_t references;
    _Atomic size_t *untaken;
    size_t octets; /* of all events */
    struct fanout_group *groups[FANOUT_PLACES];
};

void fanout_batch_unref(struct fanout_batch *batch);

struct fanout {
    unsigned workers;
    struct fanout_batch *batch; /* NULL between two */
    _Atomic size_t untaken;     /* octets of the batches that a worker has yet to take */
    /* Calls fanout_target() for everybody who hears a topic or channel; there may be nobody. */
    void (*listeners)(struct fanout *fanout, struct fanout_group *group, enum fanout_place place,
                      const char *name);
    /* Takes a reference to the batch. */
    void (*send)(struct fanout *fanout, unsigned worker, struct fanout_batch *batch);
    void *data;
};

void fanout_init(struct fanout *fanout, unsigned workers);
void fanout_target(struct fanout_group *group, struct call *call, uint64_t watchers);

/* An announcement: `data` is JSON. Returns whether it is one that may be relayed: not if it is
 * called like a document's own events (or `gone`, or `gap`), which it would pass itself off as. */
bool fanout_announce(struct fanout *fanout, const char *topic, const char *event, const char *data,
                     size_t length, uint64_t now_ns);
/* A notification of a channel, as it is. */
void fanout_relay(struct fanout *fanout, const char *channel, const char *payload, uint64_t now_ns);
/* What was gathered leaves. */
void fanout_flush(struct fanout *fanout);

#endif
