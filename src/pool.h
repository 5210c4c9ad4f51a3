/* pool.h -- a small pool of connections that run one statement each at a time.
 *
 * A job is one statement in a transaction of its own. It goes out in one flush, as a pipeline
 *
 *     BEGIN …; SET LOCAL statement_timeout; the statement; sync; COMMIT; sync
 *
 * so that it costs one round trip and depends on no session state: it works through a transaction
 * pooler, and the connection is idle again whatever the statement did (COMMIT of a failed
 * transaction is its ROLLBACK). After a write come a few statements that undo what its function may
 * have set for the session.
 *
 * A write (an action) is a job that somebody waits for, and that may take long, for a row that is
 * locked, say. One member at least is kept from writes where there are several, so that documents
 * are read whatever writes do. Windows of blobs, of which a single reader asks for hundreds, take turns
 * with everything else. Of that, one job in POOL_TURN is one that nobody waits for (what streams are to get), if
 * there are any: however much is asked, they are not put off for ever. A write is never run twice; when its
 * connection breaks after it was sent, nobody knows whether it was committed, and the job says so (in_doubt).
 *
 * The pool is up, down, or (at start, and after it lost its last connection) does not know yet.
 * While it is down, jobs fail at once and one connection at a time is tried, with back-off; one that breaks
 * at its first job counts as a failure, too (a pooler without a server takes connections and ends them). A job
 * whose connection breaks is run once more on another one if it says that it may be. A connection that
 * is still in a transaction after its COMMIT counts as broken.
 */
#ifndef PGCRIER_POOL_H
#define PGCRIER_POOL_H

#include "pg.h"

enum {
    POOL_MAX_JOBS = 65536,  /* waiting; one more fails with SQLSTATE 53000 */
    POOL_MAX_VALUES = 6,
    POOL_MAX_KEPT = 1 << 20, /* octets of values; libpq keeps as much memory for ever, so that after
                                more than these the connection is replaced */
    POOL_TURN = 4,
    POOL_GRACE_MS = 5000,   /* after the query timeout the connection is destroyed */
    POOL_RETRY_MIN_MS = 100,
    POOL_RETRY_MAX_MS = 2000,
};

enum pool_outcome { POOL_OK, POOL_ERROR, POOL_AWAY };

struct pool_job {
    h2o_linklist_t link;
    struct pool *pool;
    struct timer deadline;
    struct pool_member *member;          /* who runs it; NULL while it waits */
    const char *sql;                     /* these three: the caller's, until done */
    int value_count;
    const char *values[POOL_MAX_VALUES]; /* NULL is NULL */
    int lengths[POOL_MAX_VALUES];        /* of binary ones */
    int formats[POOL_MAX_VALUES];        /* 0: text, ended by a NUL; 1: binary */
    int result_format;                   /* the same, of all columns */
    bool snapshot;                       /* REPEATABLE READ READ ONLY: one snapshot for all that the
                                            statement calls */
    bool repeatable;                     /* may run again after its connection broke */
    bool urgent;                         /* somebody waits for the answer: before those that are not */
    bool write;                          /* waits like an urgent one */
    bool bulk;                           /* one of very many; takes turns with the others */
    /* The outcome's: */
    bool in_doubt;                       /* it may have been committed, although it failed */
    const char *detail;                  /* of an error, NULL without one; good during done() */
    /* Called once. POOL_OK: `result` is the callee's to clear. POOL_ERROR: sqlstate and message.
     * POOL_AWAY: there is no database, message says why. */
    void (*done)(struct pool_job *job, enum pool_outcome outcome, PGresult *result,
                 const char *sqlstate, const char *message);
};

struct pool {
    struct loop *loop;
    const char *conninfo;
    unsigned query_timeout_ms;
    char set_timeout[64];
    struct pool_member *members;
    size_t size;
    enum { POOL_UNKNOWN, POOL_UP, POOL_DOWN } state;
    h2o_linklist_t urgent, writes, bulk, normal;
    bool bulk_was_last;
    unsigned awaited_in_a_row;
    size_t waiting;
    size_t writing, max_writing; /* writes that run, and that may */
    struct timer retry;
    unsigned failures;
    void (*on_state)(struct pool *pool, bool up, const char *err); /* on a change */
    void *data;
};

void pool_init(struct pool *pool, struct loop *loop, const char *conninfo, unsigned size,
               unsigned query_timeout_ms);
void pool_start(struct pool *pool);
void pool_submit(struct pool *pool, struct pool_job *job);
/* Somebody waits for it now. Returns whether it has yet to begin. */
bool pool_hasten(struct pool *pool, struct pool_job *job);
/* Delay before the n-th retry [ms]: doubling, capped, with jitter. */
unsigned pool_backoff_ms(unsigned failures);

#endif
