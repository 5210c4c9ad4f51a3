/* host.h -- under which names the relay answers.
 *
 * A page of a foreign name whose owner lets that name lead to this machine is of the same origin as the
 * relay then, and may read and write whatever its visitor may (DNS rebinding). The browser says the name
 * in Host, or :authority: with --host, a request that names none of those is told 421. Without it any name
 * will do, as behind a proxy that knows the names.
 */
#ifndef PGCRIER_HOST_H
#define PGCRIER_HOST_H

#include <h2o.h>
#include <stdbool.h>
#include "options.h"

/* A name or address as browsers spell it, in lower case; IPv6 in brackets; no port. Returns it in memory of
 * its own, or NULL for anything else. */
char *host_parse(const char *text);

/* Whether a request of this authority, NAME[:PORT], is served. */
bool host_is_served(const struct options *options, h2o_iovec_t authority);

#endif
