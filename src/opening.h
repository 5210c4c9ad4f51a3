/* opening.h -- when clients come in.
 *
 * A port that is ours alone is open from the start: before there is a database, clients are told so. A
 * socket that was passed, or a port that is shared, has somebody else behind it: another relay, which
 * may be serving, or the kernel, where clients wait. From there none is taken before it can be answered
 * from the database: when the core is ready and every worker has the routes. Then the supervisor is
 * told, and the log says "ready", so that whoever waits for that may let the other relay go.
 *
 * A start without a database does not keep them waiting for ever: OPENING_WAIT_MS after it, the first
 * failure of the database opens these, too, and who asks is told as everywhere (503, or a stream that
 * waits). A port that is shared still goes to the older relay as long as there is one (listening.h).
 */
#ifndef PGCRIER_OPENING_H
#define PGCRIER_OPENING_H

#include "core.h"
#include "server.h"

enum {
    OPENING_WAIT_MS = 10000, /* in the kernel's queue, which holds LISTENING_BACKLOG */
    OPENING_LOOK_MS = 500,   /* after it: how often we look whether the database fails */
};

/* On the core's loop. The core's workers are there; none has started. */
void opening_init(struct core *core, struct server *server);
/* The core is ready: opens the doors of all workers, and tells everybody when they are open. */
void opening_ready(void);
/* The relay drains: what is not open stays closed. */
void opening_stop(void);

#endif
