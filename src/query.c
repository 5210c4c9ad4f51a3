/* query.c -- see query.h. */
#include "query.h"

#include <stdio.h>

#include "worker.h"

static void on_back(struct message *message)
{
    struct query *query = H2O_STRUCT_FROM_MEMBER(struct query, message, message);

    --query->worker->asking;
    query->done(query);
}

/* On the core's thread. */
static void on_done(struct pool_job *job, enum pool_outcome outcome, PGresult *result,
                    const char *sqlstate, const char *reason)
{
    struct query *query = H2O_STRUCT_FROM_MEMBER(struct query, job, job);

    query->outcome = outcome;
    query->result = result;
    snprintf(query->sqlstate, sizeof(query->sqlstate), "%s", sqlstate == NULL ? "" : sqlstate);
    snprintf(query->reason, sizeof(query->reason), "%s", reason == NULL ? "" : reason);
    snprintf(query->detail, sizeof(query->detail), "%s", job->detail == NULL ? "" : job->detail);
    job->detail = NULL;
    loop_post(worker_loop(query->worker), &query->message, on_back);
}

static void on_submit(struct message *message)
{
    struct query *query = H2O_STRUCT_FROM_MEMBER(struct query, message, message);
    pool_submit(&query->worker->core->pool, &query->job);
}

void query_run(struct query *query, struct worker *worker)
{
    query->worker = worker;
    query->job.done = on_done;
    ++worker->asking;
    loop_post(&worker->core->loop, &query->message, on_submit);
}
