/* listener.h -- the one connection that LISTENs.
 *
 * It is never in a transaction (it would hold the tail of PostgreSQL's notification queue) and
 * says nothing but LISTEN. Silence proves nothing about it: a black-holed link and a transaction
 * pooler are silent, too. So a canary flies: every few seconds a notification with a number is sent
 * through the pool and must come back here within CANARY_TIMEOUT_MS, or the connection is replaced.
 * LISTEN itself has as long to be answered. A canary behind a queue of others is not lost: while
 * notifications come it is waited for, for CANARY_LIMIT_MS at most (they may be of another server).
 *
 * Besides `crier` and the canary's it listens to the channels that its owner wants.
 *
 * Every new connection means that notifications may have been missed: on_listening() is the
 * owner's order to read everything again, given after LISTEN is in force and never before.
 */
#ifndef PGCRIER_LISTENER_H
#define PGCRIER_LISTENER_H

#include "pool.h"

enum { CANARY_INTERVAL_MS = 5000, CANARY_TIMEOUT_MS = 10000, CANARY_LIMIT_MS = 60000 };

struct listened; /* a channel that is wanted, or was */

struct listener {
    struct pg pg;
    struct pool *pool;            /* carries the canary */
    char canary_channel[64];      /* private to this relay */
    bool listening;
    struct listened *channels;
    bool following;               /* a LISTEN or UNLISTEN besides the first is in flight */
    unsigned failures;
    unsigned long canary_sent, canary_seen;
    char canary_number[24];
    struct pool_job canary_job;
    uint64_t canary_since_ns;     /* the wait for the canary that is due began */
    bool canary_in_flight;        /* the job is with the pool */
    bool heard;                   /* a canary came back over this connection */
    struct timer retry, canary, canary_deadline;
    void (*on_listening)(struct listener *listener);            /* read everything again */
    void (*on_heard)(struct listener *listener);                /* the first canary came back */
    void (*on_lost)(struct listener *listener, const char *err);
    void (*on_channels)(struct listener *listener);             /* what is wanted is in force */
    void (*on_notification)(struct listener *listener, const char *channel, char *payload);
    void (*on_drained)(struct listener *listener);              /* that were all that had come */
    void *data;
};

void listener_init(struct listener *listener, struct loop *loop, const char *conninfo,
                   struct pool *pool, const char *relay_id);
void listener_start(struct listener *listener);
/* Name every channel that is wanted, then follow: the others go. Returns whether on_channels() is to
 * be waited for; not while there is no connection, which will begin with what is wanted. */
void listener_want(struct listener *listener, const char *channel);
bool listener_follow(struct listener *listener);

#endif
