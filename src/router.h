/* router.h -- from a URL to what answers it.
 *
 * A route first (a literal segment before a {parameter}), then static files, then 404. A request
 * for a stream that comes before the routes are known is held, because any answer but 200 would
 * make a browser give up for ever: for a heartbeat, or until a drain; then it is sent away to come back.
 */
#ifndef PGCRIER_ROUTER_H
#define PGCRIER_ROUTER_H

#include <h2o.h>

struct worker;

void router_register(h2o_pathconf_t *path);
/* What nobody answered: 404, or 503 while the routes are not known. */
void router_register_last(h2o_pathconf_t *path);
/* The routes have come: whoever was held goes on. */
void router_release(struct worker *worker);
/* The relay drains: whoever is held comes back to another. */
void router_postpone(struct worker *worker);

#endif
