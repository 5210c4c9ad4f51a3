/* query.h -- a statement that a worker wants run, by the core's pool.
 *
 * The pool belongs to the core's thread. A query goes there as a message, becomes a job of the pool,
 * and comes back to the worker's thread with its result, which then belongs to whoever asked. It is
 * embedded in what waits for it and outlives the request that it is for, if need be: a client that
 * goes away does not stop a statement.
 */
#ifndef PGCRIER_QUERY_H
#define PGCRIER_QUERY_H

#include "core.h"

struct query {
    struct message message;
    struct worker *worker;
    struct pool_job job;    /* the statement, its values and how it is to run: the caller's */
    enum pool_outcome outcome;
    PGresult *result;       /* of POOL_OK: the callee's to clear */
    char sqlstate[6];       /* these three: of POOL_ERROR and POOL_AWAY, cut to fit */
    char reason[512];
    char detail[512];
    void (*done)(struct query *query); /* on the worker's thread; owns the query from then on */
};

/* The worker's drain waits for it. */
void query_run(struct query *query, struct worker *worker);

#endif
