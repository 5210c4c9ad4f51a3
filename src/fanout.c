/* fanout.c -- see fanout.h. */
#include "fanout.h"

#include <stdlib.h>
#include <string.h>

#include "metrics.h"

/* --- batches --------------------------------------------------------------------------------- */

static void free_group(struct fanout_group *group)
{
    for (size_t i = 0; i < group->target_count; ++i)
        call_unref(group->targets[i].call);
    for (size_t i = 0; i < group->frame_count; ++i)
        frame_unref(group->frames[i]);
    buffer_dispose(&group->sse);
    free(group->targets);
    free(group->frames);
    free(group->name);
    free(group);
}

void fanout_batch_unref(struct fanout_batch *batch)
{
    struct fanout_group *group, *next;

    if (atomic_fetch_sub_explicit(&batch->references, 1, memory_order_acq_rel) != 1)
        return;
    atomic_fetch_sub_explicit(batch->untaken, batch->octets, memory_order_relaxed);
    for (size_t place = 0; place < FANOUT_PLACES; ++place) {
        HASH_ITER(hh, batch->groups[place], group, next) {
            HASH_DEL(batch->groups[place], group);
            free_group(group);
        }
    }
    free(batch);
}

static struct fanout_batch *batch_at_hand(struct fanout *fanout)
{
    if (fanout->batch == NULL) {
        fanout->batch = must_alloc(sizeof(*fanout->batch));
        fanout->batch->references = 1;
        fanout->batch->untaken = &fanout->untaken;
    }
    return fanout->batch;
}

/* --- groups ---------------------------------------------------------------------------------- */

/* An array of `count` elements with room for one more; capacities are powers of two. */
static void *room_for_one(void *array, size_t count, size_t size)
{
    if ((count & (count - 1)) != 0)
        return array;
    return must_realloc(array, (count == 0 ? 1 : 2 * count) * size);
}

void fanout_target(struct fanout_group *group, struct call *call, uint64_t watchers)
{
    group->targets = room_for_one(group->targets, group->target_count, sizeof(*group->targets));
    group->targets[group->target_count++] = (struct fanout_target){call_ref(call), watchers};
}

static struct fanout_group *add_group(struct fanout *fanout, enum fanout_place place,
                                      const char *name)
{
    struct fanout_group *group = must_alloc(sizeof(*group));

    buffer_init(&group->sse, 2 * FANOUT_FRAME_MAX);
    fanout->listeners(fanout, group, place, name);
    if (group->target_count == 0) {
        free_group(group);
        return NULL;
    }
    group->name = must_strdup(name);
    group->lost = atomic_load_explicit(&fanout->untaken, memory_order_relaxed) > FANOUT_MAX_UNTAKEN;
    HASH_ADD_KEYPTR(hh, batch_at_hand(fanout)->groups[place], group->name, strlen(name), group);
    return group;
}

/* The group of a topic or a channel; NULL when nobody hears it. */
static struct fanout_group *group_of(struct fanout *fanout, enum fanout_place place,
                                     const char *name)
{
    struct fanout_group *group = NULL;

    if (fanout->batch != NULL)
        HASH_FIND_STR(fanout->batch->groups[place], name, group);
    return group != NULL ? group : add_group(fanout, place, name);
}

/* Makes a frame of the events that are gathered. */
static void close_frame(struct fanout_group *group)
{
    if (group->events == 0)
        return;
    group->frames = room_for_one(group->frames, group->frame_count, sizeof(*group->frames));
    group->frames[group->frame_count++] =
        frame_events(group->sse.bytes, group->sse.length, group->events, group->noticed_ns);
    buffer_clear(&group->sse);
    group->events = 0;
}

/* --- events ---------------------------------------------------------------------------------- */

/* Begins an event of about `length` octets; returns where. */
static size_t begin(struct fanout_group *group, size_t length, uint64_t now_ns)
{
    if (group->sse.length + length > FANOUT_FRAME_MAX)
        close_frame(group);
    if (group->events++ == 0)
        group->noticed_ns = now_ns;
    metric_add(METRIC_EVENTS, 1);
    return group->sse.length;
}

static void end(struct fanout *fanout, struct fanout_group *group, size_t begun)
{
    buffer_puts(&group->sse, "\n\n");
    fanout->batch->octets += group->sse.length - begun;
    if (fanout->batch->octets > FANOUT_BATCH_MAX)
        fanout_flush(fanout);
}

static const char *event_of(const struct route *route)
{
    return route->event != NULL ? route->event : "message";
}

/* Whether an event of this name would be taken for a document of somebody who hears it. */
static bool is_document_event(const struct fanout_group *group, const char *event)
{
    const struct route *last = NULL;

    for (size_t i = 0; i < group->target_count; ++i) {
        const struct route *route = group->targets[i].call->route;
        if (route != last && strcmp(event_of(route), event) == 0)
            return true;
        last = route;
    }
    return false;
}

/* CR and LF can stand only between tokens of valid JSON; they would end the line. */
static void append_joined(struct buffer *b, const char *json, size_t length)
{
    size_t at = b->length;

    if (buffer_append(b, json, length) != 0)
        return;
    for (; at < b->length; ++at) {
        if (b->bytes[at] == '\n' || b->bytes[at] == '\r')
            b->bytes[at] = ' ';
    }
}

bool fanout_announce(struct fanout *fanout, const char *topic, const char *event, const char *data,
                     size_t length, uint64_t now_ns)
{
    struct fanout_group *group;
    size_t begun;

    if (strcmp(event, "gone") == 0 || strcmp(event, "gap") == 0)
        return false;
    group = group_of(fanout, FANOUT_TOPIC, topic);
    if (group == NULL)
        return true;
    if (is_document_event(group, event))
        return false;
    if (group->lost)
        return true;
    begun = begin(group, strlen(event) + length, now_ns);
    buffer_printf(&group->sse, "event: %s\ndata: ", event);
    append_joined(&group->sse, data, length);
    end(fanout, group, begun);
    return true;
}

/* A payload's line ends in LF, CR or both, as in the event stream itself (WHATWG HTML, 9.2.6). */
static void append_lines(struct buffer *b, const char *payload)
{
    for (;;) {
        size_t length = strcspn(payload, "\r\n");
        buffer_puts(b, "data: ");
        buffer_append(b, payload, length);
        payload += length;
        if (*payload == '\0')
            return;
        payload += payload[0] == '\r' && payload[1] == '\n' ? 2 : 1;
        buffer_puts(b, "\n");
    }
}

void fanout_relay(struct fanout *fanout, const char *channel, const char *payload, uint64_t now_ns)
{
    struct fanout_group *group = group_of(fanout, FANOUT_CHANNEL, channel);
    size_t begun;

    if (group == NULL || group->lost)
        return;
    begun = begin(group, strlen(payload), now_ns);
    append_lines(&group->sse, payload);
    end(fanout, group, begun);
}

/* Returns who is to get some of it. */
static uint64_t close_groups(struct fanout_group *groups)
{
    struct fanout_group *group, *next;
    uint64_t watchers = 0;

    HASH_ITER(hh, groups, group, next) {
        close_frame(group);
        for (size_t i = 0; i < group->target_count; ++i)
            watchers |= group->targets[i].watchers;
    }
    return watchers;
}

void fanout_flush(struct fanout *fanout)
{
    struct fanout_batch *batch = fanout->batch;
    uint64_t watchers = 0;

    if (batch == NULL)
        return;
    fanout->batch = NULL;
    for (size_t place = 0; place < FANOUT_PLACES; ++place)
        watchers |= close_groups(batch->groups[place]);
    atomic_fetch_add_explicit(&fanout->untaken, batch->octets, memory_order_relaxed);
    for (unsigned i = 0; i < fanout->workers; ++i) {
        if ((watchers >> i & 1) == 0)
            continue;
        atomic_fetch_add_explicit(&batch->references, 1, memory_order_relaxed);
        fanout->send(fanout, i, batch);
    }
    fanout_batch_unref(batch);
}

void fanout_init(struct fanout *fanout, unsigned workers)
{
    *fanout = (struct fanout){.workers = workers};
}
