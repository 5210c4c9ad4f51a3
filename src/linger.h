/* linger.h -- an answer to a client that is still sending.
 *
 * libh2o refuses a body that is too long, or a chunk that is none, before it is there, and closes right behind
 * its answer. What the client has sent by then, or sends before it has heard, makes the kernel reset the
 * connection, which destroys the answer: a browser shows an error of the network, and tries again. So what
 * comes is taken and thrown away until the client closes (RFC 9112, 9.6): as long as it does not pause for
 * LINGER_SILENCE_MS, for --slow-time and --max-body at most. The connection keeps its place until then.
 */
#ifndef PGCRIER_LINGER_H
#define PGCRIER_LINGER_H

#include <h2o.h>

enum { LINGER_SILENCE_MS = 5000 };

struct lingering;
struct visitor;

/* Its connection is to be closed in this way. */
void linger_later(h2o_req_t *req);
/* libh2o has closed it; calls back when it is over. */
void linger_begin(struct lingering *linger, void (*over)(struct visitor *visitor), struct visitor *visitor);

#endif
