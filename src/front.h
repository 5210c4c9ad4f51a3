/* front.h -- what every request passes before anything answers it.
 *
 * It is looked at as it came (head.h), the name that it is for is ours (host.h), its client is counted
 * (client.h), its origin is judged (origin.h). A handler of libh2o that comes first and lets pass what it
 * does not refuse.
 */
#ifndef PGCRIER_FRONT_H
#define PGCRIER_FRONT_H

#include <h2o.h>

void front_register(h2o_pathconf_t *path);

#endif
