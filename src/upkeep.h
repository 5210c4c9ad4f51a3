/* upkeep.h -- what the database needs somebody to do now and then.
 *
 * PostgreSQL tells nobody that a partition was attached, so soon after its start and then every
 * UPKEEP_INTERVAL_MS the relay calls crier.refresh_watches(), which gives it its triggers. Several relays may do so at once.
 */
#ifndef PGCRIER_UPKEEP_H
#define PGCRIER_UPKEEP_H

#include "pool.h"

enum { UPKEEP_FIRST_MS = 1000, UPKEEP_INTERVAL_MS = 60000 };

struct upkeep {
    struct pool *pool;
    struct timer timer;
    struct pool_job job;
};

void upkeep_start(struct upkeep *upkeep, struct pool *pool);

#endif
