/* hub.c -- see hub.h. */
#include "hub.h"

#include <stdlib.h>
#include <string.h>

#include "metrics.h"

struct hub_key {
    struct hub *hub;
    struct call *call;          /* a reference; its key is the name here */
    struct frame *frame;        /* newest; NULL before the first */
    bool open;                  /* of a channel */
    struct event_log *log;      /* NULL before the first event */
    h2o_linklist_t subscribers;
    uint32_t count;
    h2o_linklist_t counted;     /* linked while the count is to be told */
    UT_hash_handle hh;
};

static struct subscriber *subscriber_at(h2o_linklist_t *link)
{
    return H2O_STRUCT_FROM_MEMBER(struct subscriber, link, link);
}

static struct hub_key *find(struct hub *hub, const char *name)
{
    struct hub_key *key;

    HASH_FIND_STR(hub->keys, name, key);
    return key;
}

static void count_changed(struct hub_key *key)
{
    if (!h2o_linklist_is_linked(&key->counted))
        h2o_linklist_insert(&key->hub->counted, &key->counted);
}

static struct hub_key *add_key(struct hub *hub, struct call *call)
{
    struct hub_key *key = must_alloc(sizeof(*key));

    key->hub = hub;
    key->call = call_ref(call);
    h2o_linklist_init_anchor(&key->subscribers);
    HASH_ADD_KEYPTR(hh, hub->keys, key->call->key, strlen(key->call->key), key);
    return key;
}

static void drop_key(struct hub_key *key)
{
    HASH_DEL(key->hub->keys, key);
    if (h2o_linklist_is_linked(&key->counted))
        h2o_linklist_unlink(&key->counted);
    key->hub->unwatch(key->hub, key->call->key);
    frame_unref(key->frame);
    event_log_release(key->log);
    call_unref(key->call);
    free(key);
}

static void detach(struct subscriber *s)
{
    h2o_linklist_unlink(&s->link);
    --s->key->count;
    count_changed(s->key);
    s->key = NULL;
    metric_add(METRIC_SUBSCRIBERS, -1);
}

void hub_init(struct hub *hub)
{
    memset(hub, 0, sizeof(*hub));
    h2o_linklist_init_anchor(&hub->counted);
}

void hub_dispose(struct hub *hub)
{
    assert(hub->keys == NULL);
    (void)hub;
}

struct frame *hub_frame(const struct subscriber *s)
{
    return s->key->frame;
}

void hub_subscribe(struct hub *hub, struct subscriber *s, struct call *call)
{
    struct hub_key *key = find(hub, call->key);
    bool first = key == NULL;

    if (first)
        key = add_key(hub, call);
    s->key = key;
    s->link = (h2o_linklist_t){NULL, NULL};
    h2o_linklist_insert(&key->subscribers, &s->link);
    if (key->log != NULL)
        event_reader_attach(&s->events, key->log);
    ++key->count;
    count_changed(key);
    metric_add(METRIC_SUBSCRIBERS, 1);
    if (first)
        hub->watch(hub, call);
    if (hub->away)
        s->ops->away(s);
    else if (key->frame != NULL)
        s->ops->changed(s);
    else if (key->open)
        s->ops->opened(s);
}

void hub_unsubscribe(struct subscriber *s)
{
    struct hub_key *key = s->key;

    event_reader_detach(&s->events);
    if (key == NULL)
        return;
    detach(s);
    if (key->count == 0)
        drop_key(key);
}

/* Tells every subscriber of a key; the key stays while we are at it. */
#define FOR_EACH_SUBSCRIBER(key, s)                                                                \
    for (h2o_linklist_t *at = (key)->subscribers.next, *after = at->next;                          \
         at != &(key)->subscribers && ((s) = subscriber_at(at), true); at = after, after = at->next)

/* Keeps a key alive through callbacks that may unsubscribe its last subscriber. */
static void hold(struct hub_key *key)
{
    ++key->count;
}

static void release(struct hub_key *key)
{
    if (--key->count == 0)
        drop_key(key);
}

void hub_publish(struct hub *hub, const char *name, struct frame *frame)
{
    struct hub_key *key = find(hub, name);
    struct subscriber *s;

    if (key == NULL) {
        hub->unwatch(hub, name); /* said before, or the key went by `gone`: once more does no harm */
        frame_unref(frame);
        return;
    }
    if (key->frame == frame) { /* it came with the watch already, and now with its own publication */
        frame_unref(frame);
        return;
    }
    if (key->frame != NULL)
        frame_supersede(key->frame);
    frame_unref(key->frame);
    key->frame = frame;
    hold(key);
    FOR_EACH_SUBSCRIBER(key, s)
        s->ops->changed(s);
    release(key);
}

void hub_gone(struct hub *hub, const char *name)
{
    struct hub_key *key = find(hub, name);

    if (key == NULL)
        return;
    hold(key);
    while (!h2o_linklist_is_empty(&key->subscribers)) {
        struct subscriber *s = subscriber_at(key->subscribers.next);
        detach(s);
        s->ops->gone(s);
    }
    release(key);
}

void hub_failed(struct hub *hub, const char *name, const struct problem *problem)
{
    struct hub_key *key = find(hub, name);
    struct subscriber *s;

    if (key == NULL)
        return;
    hold(key);
    FOR_EACH_SUBSCRIBER(key, s)
        s->ops->failed(s, problem);
    release(key);
}

/* --- events ---------------------------------------------------------------------------------- */

void hub_opened(struct hub *hub, const char *name)
{
    struct hub_key *key = find(hub, name);
    struct subscriber *s;

    if (key == NULL || key->open)
        return;
    key->open = true;
    hold(key);
    FOR_EACH_SUBSCRIBER(key, s)
        s->ops->opened(s);
    release(key);
}

static void start_log(struct hub_key *key)
{
    struct subscriber *s;

    key->log = event_log_create();
    FOR_EACH_SUBSCRIBER(key, s)
        event_reader_attach(&s->events, key->log);
}

static void add_events(struct hub_key *key, struct frame *const *frames, size_t count)
{
    struct subscriber *s;
    uint64_t first;

    if (key->log == NULL)
        start_log(key);
    for (size_t i = 0; i < count; ++i)
        event_log_append(key->log, frame_ref(frames[i]));
    first = event_log_next(key->log);
    hold(key);
    FOR_EACH_SUBSCRIBER(key, s) {
        if (s->events.next < first)
            first = s->events.next; /* what it takes now goes later, or when all have it */
        event_reader_has_overflowed(&s->events) ? s->ops->overflowed(s) : s->ops->happened(s);
    }
    event_log_trim(key->log, first);
    release(key);
}

void hub_events(struct hub *hub, const char *name, struct frame *const *frames, size_t count)
{
    struct hub_key *key = find(hub, name);

    if (key != NULL && !hub->deaf)
        add_events(key, frames, count);
}

void hub_gap(struct hub *hub, struct frame *frame)
{
    struct hub_key *key, *next;

    if (hub->deaf)
        return;
    HASH_ITER(hh, hub->keys, key, next) {
        if (key->open || key->log != NULL)
            add_events(key, &frame, 1);
    }
}

void hub_overflowed(struct hub *hub, const char *name)
{
    struct hub_key *key = find(hub, name);
    struct subscriber *s;

    if (key == NULL || hub->deaf)
        return;
    hold(key);
    FOR_EACH_SUBSCRIBER(key, s)
        s->ops->overflowed(s);
    release(key);
}

/* --- the database ---------------------------------------------------------------------------- */

void hub_set_away(struct hub *hub, bool away)
{
    struct hub_key *key, *next;
    struct subscriber *s;

    if (hub->away == away)
        return;
    hub->away = away;
    HASH_ITER(hh, hub->keys, key, next) {
        hold(key);
        FOR_EACH_SUBSCRIBER(key, s)
            away ? s->ops->away(s) : s->ops->back(s);
        release(key);
    }
}

void hub_counts(struct hub *hub, void (*count)(void *data, const char *key, uint32_t subscribers), void *data)
{
    while (!h2o_linklist_is_empty(&hub->counted)) {
        struct hub_key *key = H2O_STRUCT_FROM_MEMBER(struct hub_key, counted, hub->counted.next);
        h2o_linklist_unlink(&key->counted);
        count(data, key->call->key, key->count);
    }
}
