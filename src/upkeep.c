/* upkeep.c -- see upkeep.h. */
#include "upkeep.h"

#include "log.h"

static void set_timer(struct upkeep *upkeep, uint64_t ms)
{
    timer_set(&upkeep->pool->loop->timers, &upkeep->timer, ms * NS_PER_MS);
}

static void on_done(struct pool_job *job, enum pool_outcome outcome, PGresult *result,
                    const char *sqlstate, const char *message)
{
    (void)sqlstate;
    if (outcome == POOL_OK)
        PQclear(result);
    else
        log_debug("crier.refresh_watches: %s", message);
    set_timer(H2O_STRUCT_FROM_MEMBER(struct upkeep, job, job), UPKEEP_INTERVAL_MS);
}

static void on_time(struct timer *timer)
{
    struct upkeep *upkeep = H2O_STRUCT_FROM_MEMBER(struct upkeep, timer, timer);

    upkeep->job = (struct pool_job){.sql = "select crier.refresh_watches()", .done = on_done};
    pool_submit(upkeep->pool, &upkeep->job);
}

void upkeep_start(struct upkeep *upkeep, struct pool *pool)
{
    *upkeep = (struct upkeep){.pool = pool, .timer = {.fire = on_time}};
    set_timer(upkeep, UPKEEP_FIRST_MS);
}
