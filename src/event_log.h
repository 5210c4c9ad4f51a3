/* event_log.h -- the events of one key on one thread, and who has still to get which.
 *
 * Frames are numbered as they come and shared by all readers: a reader is the number of the frame
 * that it gets next, so a queue costs each of them one word, and a frame that all have taken is
 * gone. The log holds at most EVENT_LOG_MAX_FRAMES frames and EVENT_LOG_MAX_OCTETS octets; for a
 * newer one the oldest goes, and whoever had yet to take that has overflowed: it is to be cut,
 * for it would have a gap.
 *
 * The log lives while it has an owner or readers: one whose key is gone still takes what is there.
 */
#ifndef PGCRIER_EVENT_LOG_H
#define PGCRIER_EVENT_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "frame.h"

enum { EVENT_LOG_MAX_FRAMES = 1024, EVENT_LOG_MAX_OCTETS = 16 << 20 };

struct event_log;

/* Embedded in a subscriber. */
struct event_reader {
    struct event_log *log; /* NULL while there was no event */
    uint64_t next;         /* number of the frame that it takes next */
};

struct event_log *event_log_create(void);
void event_log_release(struct event_log *log); /* its owner; NULL is fine */
void event_log_append(struct event_log *log, struct frame *frame); /* takes the reference */
/* Frames with smaller numbers are needed no more. */
void event_log_trim(struct event_log *log, uint64_t first);
uint64_t event_log_next(const struct event_log *log);

/* It gets what is appended from now on. */
void event_reader_attach(struct event_reader *reader, struct event_log *log);
void event_reader_detach(struct event_reader *reader); /* fine when not attached */
size_t event_reader_pending(const struct event_reader *reader);
/* The next frame, or NULL. */
struct frame *event_reader_peek(const struct event_reader *reader);
bool event_reader_has_overflowed(const struct event_reader *reader);
/* Moves up to `max` references to `frames`; returns how many. Not of one that has overflowed. */
size_t event_reader_take(struct event_reader *reader, struct frame **frames, size_t max);
/* It needs nothing of what is there. */
void event_reader_skip(struct event_reader *reader);

#endif
