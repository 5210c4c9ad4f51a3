/* event_log.c -- see event_log.h. */
#include "event_log.h"

#include <assert.h>
#include <stdlib.h>
#include "buffer.h"

enum { FIRST_CAPACITY = 8 };

struct event_log {
    bool owned;
    size_t readers;
    size_t behind;       /* readers that have frames to take, or have overflowed */
    uint64_t first, next; /* numbers: of the oldest frame, and of the one to come */
    size_t octets;
    size_t capacity;     /* of the ring: a power of two; 0 while it is empty */
    struct frame **ring; /* frame i lives at i % capacity */
};

static struct frame **slot(struct event_log *log, uint64_t number)
{
    return &log->ring[number & (log->capacity - 1)];
}

static void drop_first(struct event_log *log)
{
    struct frame *frame = *slot(log, log->first++);

    log->octets -= frame_size(frame);
    frame_unref(frame);
}

static void clear(struct event_log *log)
{
    event_log_trim(log, log->next);
    free(log->ring);
    log->ring = NULL;
    log->capacity = 0;
}

static void free_unused(struct event_log *log)
{
    if (log->owned || log->readers != 0)
        return;
    clear(log);
    free(log);
}

struct event_log *event_log_create(void)
{
    struct event_log *log = must_alloc(sizeof(*log));
    log->owned = true;
    return log;
}

void event_log_release(struct event_log *log)
{
    if (log == NULL)
        return;
    log->owned = false;
    free_unused(log);
}

/* Makes room for one more in the ring. */
static void grow(struct event_log *log)
{
    size_t capacity = log->capacity == 0 ? FIRST_CAPACITY : 2 * log->capacity;
    struct frame **ring = must_alloc(capacity * sizeof(*ring));

    for (uint64_t i = log->first; i != log->next; ++i)
        ring[i & (capacity - 1)] = *slot(log, i);
    free(log->ring);
    log->ring = ring;
    log->capacity = capacity;
}

/* Whether something must go before `size` octets more may come. */
static bool is_full(const struct event_log *log, size_t size)
{
    return log->first != log->next && (log->next - log->first == EVENT_LOG_MAX_FRAMES ||
                                       log->octets + size > EVENT_LOG_MAX_OCTETS);
}

void event_log_append(struct event_log *log, struct frame *frame)
{
    size_t size = frame_size(frame);

    if (log->readers == 0) {
        frame_unref(frame);
        return;
    }
    while (is_full(log, size))
        drop_first(log);
    if (log->first != log->next)
        frame_supersede(*slot(log, log->next - 1)); /* only those who are behind hold it */
    if (log->next - log->first == log->capacity)
        grow(log);
    *slot(log, log->next++) = frame;
    log->octets += size;
    log->behind = log->readers;
}

void event_log_trim(struct event_log *log, uint64_t first)
{
    while (log->first < first)
        drop_first(log);
}

uint64_t event_log_next(const struct event_log *log)
{
    return log->next;
}

void event_reader_attach(struct event_reader *reader, struct event_log *log)
{
    reader->log = log;
    reader->next = log->next;
    ++log->readers;
}

/* A reader that was behind is so no more. */
static void caught_up(struct event_log *log)
{
    if (--log->behind == 0)
        clear(log);
}

void event_reader_detach(struct event_reader *reader)
{
    struct event_log *log = reader->log;

    if (log == NULL)
        return;
    reader->log = NULL;
    --log->readers;
    if (reader->next != log->next)
        caught_up(log);
    free_unused(log);
}

size_t event_reader_pending(const struct event_reader *reader)
{
    return reader->log == NULL ? 0 : (size_t)(reader->log->next - reader->next);
}

bool event_reader_has_overflowed(const struct event_reader *reader)
{
    return reader->log != NULL && reader->next < reader->log->first;
}

struct frame *event_reader_peek(const struct event_reader *reader)
{
    if (event_reader_pending(reader) == 0 || event_reader_has_overflowed(reader))
        return NULL;
    return *slot(reader->log, reader->next);
}

size_t event_reader_take(struct event_reader *reader, struct frame **frames, size_t max)
{
    size_t pending = event_reader_pending(reader);
    size_t count = pending < max ? pending : max;

    assert(!event_reader_has_overflowed(reader));
    for (size_t i = 0; i < count; ++i)
        frames[i] = frame_ref(*slot(reader->log, reader->next + i));
    if (count != 0) {
        reader->next += count;
        if (count == pending)
            caught_up(reader->log);
    }
    return count;
}

void event_reader_skip(struct event_reader *reader)
{
    if (event_reader_pending(reader) == 0)
        return;
    reader->next = reader->log->next;
    caught_up(reader->log);
}
