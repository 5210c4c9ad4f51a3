/* hub.h -- who reads what on this thread.
 *
 * One hub per worker; no locks, never touched from another thread, and no HTTP in it, so that
 * fan-out can be tested without sockets. A key exists here while it has a subscriber; it holds the
 * newest frame, one reference for all of them. Publishing tells every subscriber that there is
 * something newer; it never waits for one and keeps no queue: a subscriber that is busy comes
 * back for what is newest then (at most one frame in flight, newest wins).
 *
 * Events are another matter: every one counts. A key keeps them in a log (event_log.h) until its
 * subscribers have taken them. The key of a channel has events and no document.
 *
 * A callback may unsubscribe its own subscriber and no other.
 */
#ifndef PGCRIER_HUB_H
#define PGCRIER_HUB_H

#include <h2o.h>
#include <uthash.h>
#include "event_log.h"
#include "frame.h"
#include "problem.h"
#include "route.h"

struct hub;
struct hub_key;
struct subscriber;

struct subscriber_ops {
    void (*changed)(struct subscriber *s); /* hub_frame(s) is there, and newer */
    /* The document or channel is no more; unsubscribed already, but for events that are pending. */
    void (*gone)(struct subscriber *s);
    void (*failed)(struct subscriber *s, const struct problem *problem); /* nothing to show */
    void (*away)(struct subscriber *s);    /* the database went away */
    void (*back)(struct subscriber *s);
    void (*opened)(struct subscriber *s);  /* a channel is relayed from now on */
    void (*happened)(struct subscriber *s);   /* there are events to take */
    void (*overflowed)(struct subscriber *s); /* some are lost to it */
};

/* Embedded in a stream. */
struct subscriber {
    h2o_linklist_t link;
    const struct subscriber_ops *ops;
    struct hub_key *key; /* NULL while not subscribed */
    struct event_reader events;
};

struct hub {
    struct hub_key *keys;
    bool away;
    bool deaf;              /* takes no events any more: it drains */
    h2o_linklist_t counted; /* keys whose number of subscribers changed since hub_counts() */
    /* The first subscriber of a key came; its last one left. */
    void (*watch)(struct hub *hub, struct call *call);
    void (*unwatch)(struct hub *hub, const char *key);
    void *data;
};

void hub_init(struct hub *hub);
void hub_dispose(struct hub *hub); /* no subscriber may be left */
/* The call has its key. Before this returns the subscriber hears `away` when the database is (there
 * may be a frame nevertheless, as old as that), else `changed` when there is a frame already, else
 * `opened` when the key is an open channel. */
void hub_subscribe(struct hub *hub, struct subscriber *s, struct call *call);
void hub_unsubscribe(struct subscriber *s); /* fine when not subscribed */
struct frame *hub_frame(const struct subscriber *s); /* the newest; NULL before the first */

void hub_publish(struct hub *hub, const char *key, struct frame *frame); /* takes the reference */
void hub_gone(struct hub *hub, const char *key);
void hub_failed(struct hub *hub, const char *key, const struct problem *problem);
/* The core relays the channel of this key to this worker. */
void hub_opened(struct hub *hub, const char *key);
/* Events for the subscribers of a key, in order; the references stay the caller's. */
void hub_events(struct hub *hub, const char *key, struct frame *const *frames, size_t count);
/* Events may have been missed: says so, with this frame, wherever there are events: on channels,
 * and on documents that have had announcements. */
void hub_gap(struct hub *hub, struct frame *frame);
/* Events of a key were lost on the way: nobody is to go on as if there were none. */
void hub_overflowed(struct hub *hub, const char *key);
void hub_set_away(struct hub *hub, bool away);
/* Calls back for every key whose count changed since the last call; for the reports. */
void hub_counts(struct hub *hub, void (*count)(void *data, const char *key, uint32_t subscribers), void *data);

#endif
