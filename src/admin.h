/* admin.h -- /healthz, /readyz and /metrics, on a port of their own. */
#ifndef PGCRIER_ADMIN_H
#define PGCRIER_ADMIN_H

#include <h2o.h>

void admin_register(h2o_pathconf_t *path);

#endif
