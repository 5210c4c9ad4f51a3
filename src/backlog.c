/* backlog.c -- see backlog.h. */
#include "backlog.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

#include "log.h"

static _Atomic double last;
static bool warned; /* of this episode */

void backlog_seen(const char *text)
{
    double usage = strtod(text, NULL);

    atomic_store_explicit(&last, usage, memory_order_relaxed);
    if (!warned && usage * 100 > BACKLOG_WARN_PERCENT) {
        log_warning("the database's notification queue is %.0f %% full; when it is full, commits that notify fail. "
                    "What fills it is a session that has done LISTEN and stays in a transaction: look for "
                    "state 'idle in transaction' and an old xact_start in pg_stat_activity, in every database",
                    usage * 100);
        warned = true;
    } else if (usage * 200 < BACKLOG_WARN_PERCENT) {
        warned = false;
    }
}

double backlog_usage(void)
{
    return atomic_load_explicit(&last, memory_order_relaxed);
}
