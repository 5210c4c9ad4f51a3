/* patrol.h -- HTTP/1 connections that do not move on are cut.
 *
 * libh2o 2.2.5 has one timer for a request's head and body together, none for a peer that does not
 * read its answer, and no idea of what all bodies hold. So ten times a second, while there are such
 * connections, each worker walks over them. A head must be complete within --head-time, which is
 * also how long an idle connection is kept; a body that comes, and an answer that goes, must move by
 * --slow-rate over every --slow-time. When all bodies together are above their budget, a young one
 * of the address that holds most is refused with 503, then the next. All times are monotonic.
 *
 * The loop may have been late, and not the client: whose time is up while there is something to read gets
 * the same time again, once.
 *
 * A stream has rules of its own (stream.c), and so has HTTP/2 (its connection's timers).
 */
#ifndef PGCRIER_PATROL_H
#define PGCRIER_PATROL_H

#include <h2o.h>
#include "bodies.h"
#include "loop.h"
#include "options.h"

enum { PATROL_MS = 100, PATROL_TRIM = 4 << 20 /* octets of requests that are gone: memory is given back */ };

/* What a connection is doing, as the patrol last saw it; kept by its visitor. */
enum phase { PHASE_HEAD, PHASE_BODY, PHASE_ANSWER, PHASE_WRITE };

struct pace {
    enum phase phase;
    uint64_t since_ns; /* the phase, or the window that is measured, began; 0: not seen yet */
    uint64_t mark;     /* octets at that time */
    bool spared;       /* its time was up, but something had come that nobody had read */
    bool cut;          /* it is over; libh2o has yet to hear of it, and what it may still read is not done */
};

struct patrol {
    struct loop *loop;
    h2o_context_t *context;
    const struct options *options;
    struct timer timer;
    int64_t bodies;    /* octets that this worker has counted */
    struct bodies_report report;
    size_t peak;       /* octets of all requests, at most, since memory was given back */
};

void patrol_init(struct patrol *patrol, struct loop *loop, h2o_context_t *context, const struct options *options);
/* There is a connection to see to. */
void patrol_wake(struct patrol *patrol);
/* Connections that are in the middle of a request. */
size_t patrol_count(struct patrol *patrol);

#endif
