/* core_private.h -- what the core's own files share. Nobody else includes it. */
#ifndef PGCRIER_CORE_PRIVATE_H
#define PGCRIER_CORE_PRIVATE_H

#include "core.h"

/* Whether the core can serve has changed, perhaps. */
void core_update_ready(struct core *core);
/* The core cannot go on. */
void core_fail(struct core *core, int status);
/* Starts the read of a mirror's document (core_read.c). */
void core_read(struct mirror *mirror, bool somebody_waits);
/* Somebody waits for it now; returns whether it has yet to begin. */
bool core_hasten_read(struct mirror *mirror);
/* Loads the routes; once more afterwards when that is being done already (core_routes.c). */
void core_load_routes(struct core *core);
/* Gives the workers the table that waits for LISTEN, if there is one. */
void core_install_routes(struct core *core);
void core_routes_init(struct core *core);

#endif
