/* events.c -- see events.h. */
#include "events.h"

#include <time.h>

#include "core.h"
#include "metrics.h"
#include "worker.h"

static struct events *of(struct fanout *fanout)
{
    return fanout->data;
}

/* --- who hears it ---------------------------------------------------------------------------- */

static void add_mirror(struct mirror *mirror, void *group)
{
    if (mirror->watchers != 0)
        fanout_target(group, mirror->call, mirror->watchers);
}

static uint64_t wall_clock_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / NS_PER_MS;
}

static void add_channel(struct events *events, struct fanout_group *group, const char *name)
{
    struct channel *channel = channels_find(&events->channels, name);
    uint64_t now = wall_clock_ms();

    if (channel == NULL)
        return;
    for (h2o_linklist_t *at = channel->keys.next; at != &channel->keys; at = at->next) {
        struct channel_key *key = H2O_STRUCT_FROM_MEMBER(struct channel_key, link, at);
        key->notified_at_ms = now;
        key->report_due = true;
        if (key->watchers != 0)
            fanout_target(group, key->call, key->watchers);
    }
}

static void listeners(struct fanout *fanout, struct fanout_group *group, enum fanout_place place,
                      const char *name)
{
    struct events *events = of(fanout);

    if (place == FANOUT_CHANNEL)
        add_channel(events, group, name);
    else
        mirrors_each_of_topic(&events->core->mirrors, name, add_mirror, group);
}

static void send_batch(struct fanout *fanout, unsigned worker, struct fanout_batch *batch)
{
    worker_events(of(fanout)->core->workers[worker], batch);
}

/* --- channels come and go -------------------------------------------------------------------- */

static void on_gone(struct channels *channels, struct channel_key *key)
{
    struct events *events = channels->data;

    for (unsigned i = 0; i < channels->workers; ++i) {
        if ((key->watchers >> i & 1) != 0)
            worker_gone(events->core->workers[i], key->call);
    }
}

static void on_dropped(struct channels *channels, struct channel_key *key)
{
    struct events *events = channels->data;
    report_end_channel(&events->core->report, key);
}

void events_watch(struct events *events, unsigned worker, struct call *call)
{
    channel_key_watch(channels_find_key(&events->channels, call->key), worker, call);
    worker_opened(events->core->workers[worker], call);
}

/* --- from the listener ----------------------------------------------------------------------- */

bool events_announced(struct events *events, const struct notification *n)
{
    return fanout_announce(&events->fanout, n->text, n->event, n->data, n->data_length,
                           timers_now_ns(&events->core->loop.timers));
}

void events_notified(struct events *events, const char *channel, const char *payload)
{
    fanout_relay(&events->fanout, channel, payload, timers_now_ns(&events->core->loop.timers));
}

void events_flush(struct events *events)
{
    fanout_flush(&events->fanout);
}

void events_after_gap(struct events *events)
{
    fanout_flush(&events->fanout);
    for (unsigned i = 0; i < events->fanout.workers; ++i)
        worker_gap(events->core->workers[i], frame_ref(events->gap));
}

void events_init(struct events *events, struct core *core, unsigned workers)
{
    events->core = core;
    events->gap = frame_text("event: gap\ndata: null\n\n");
    channels_init(&events->channels, workers);
    events->channels.gone = on_gone;
    events->channels.dropped = on_dropped;
    events->channels.data = events;
    fanout_init(&events->fanout, workers);
    events->fanout.listeners = listeners;
    events->fanout.send = send_batch;
    events->fanout.data = events;
}
