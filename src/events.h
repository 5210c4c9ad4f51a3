/* events.h -- announcements and channels, on the core's thread.
 *
 * Events are not states: nobody reads anything for them and nothing of them is kept. What the
 * listener hears is gathered (fanout.h) and leaves for the workers when it has heard all that came
 * at once. An announcement goes to the documents of its topic, a notification of a channel to the
 * routes of that channel (channels.h).
 *
 * Channels have no privileges: whoever may log in may NOTIFY. Events are therefore public by nature,
 * and no more to be trusted than what a stranger says; a document is never made of one.
 */
#ifndef PGCRIER_EVENTS_H
#define PGCRIER_EVENTS_H

#include "channels.h"
#include "fanout.h"
#include "notification.h"

struct core;

struct events {
    struct core *core;
    struct channels channels;
    struct fanout fanout;
    struct frame *gap; /* for everybody: events may be missing here */
};

void events_init(struct events *events, struct core *core, unsigned workers);
/* Worker `worker` has subscribers of a channel's route. It is told when it will get its events. */
void events_watch(struct events *events, unsigned worker, struct call *call);
/* The listening connection is new: what was sent between the two is lost. */
void events_after_gap(struct events *events);
/* Returns whether the announcement is one that may be relayed. */
bool events_announced(struct events *events, const struct notification *n);
void events_notified(struct events *events, const char *channel, const char *payload);
/* That was all for now. */
void events_flush(struct events *events);

#endif
