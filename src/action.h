/* action.h -- POST, PUT, PATCH, DELETE: one call of crier.act(), in one transaction.
 *
 * The client may go away at any moment: the statement runs to its end all the same, and its answer
 * finds nobody. It is never run twice.
 */
#ifndef PGCRIER_ACTION_H
#define PGCRIER_ACTION_H

#include <h2o.h>
#include "route.h"

enum { ACTION_MAX_HEADERS = 65536 /* octets of a request's headers as JSON; more: 431 */ };

/* Answers the request, now or later. `call` is referenced for as long as it is needed. */
void action_start(h2o_req_t *req, struct call *call);

#endif
