/* pool.c -- see pool.h. */
#include "pool.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "log.h"
#include "metrics.h"

struct pool_member {
    struct pg pg;
    struct pool *pool;
    enum member_state { MEMBER_ABSENT, MEMBER_CONNECTING, MEMBER_IDLE, MEMBER_BUSY } state;
    struct pool_job *job;  /* while busy */
    PGresult *result;      /* of the job's statement */
    unsigned syncs;        /* seen of the pipeline's two */
    bool committed;        /* the answer to COMMIT was seen */
    bool failed;           /* the server said that the statement failed: nothing was committed */
    bool answered;         /* a job, since it is connected */
};

static void dispatch(struct pool *pool);
static void on_lost(struct pg *pg, const char *err);

unsigned pool_backoff_ms(unsigned failures)
{
    unsigned ms = POOL_RETRY_MIN_MS << (failures < 8 ? failures : 8);
    if (ms > POOL_RETRY_MAX_MS)
        ms = POOL_RETRY_MAX_MS;
    return ms / 2 + (unsigned)h2o_rand() % (ms / 2 + 1);
}

static void enter(struct pool_member *member, enum member_state state)
{
    static const int gauge[] = {-1, METRIC_POOL_CONNECTING, METRIC_POOL_IDLE, METRIC_POOL_BUSY};

    if (gauge[member->state] >= 0)
        metric_add((enum metric)gauge[member->state], -1);
    member->state = state;
    if (gauge[state] >= 0)
        metric_add((enum metric)gauge[state], 1);
}

static struct pool_member *find(struct pool *pool, enum member_state state)
{
    for (size_t i = 0; i < pool->size; ++i) {
        if (pool->members[i].state == state)
            return &pool->members[i];
    }
    return NULL;
}

static void finish(struct pool_job *job, enum pool_outcome outcome, PGresult *result,
                   const char *sqlstate, const char *message)
{
    timer_cancel(&job->pool->loop->timers, &job->deadline);
    job->done(job, outcome, result, sqlstate, message);
}

static struct pool_job *first_of(h2o_linklist_t *list)
{
    return h2o_linklist_is_empty(list) ? NULL : H2O_STRUCT_FROM_MEMBER(struct pool_job, link, list->next);
}

static struct pool_job *take(struct pool *pool, struct pool_job *job)
{
    if (job != NULL) {
        h2o_linklist_unlink(&job->link);
        --pool->waiting;
    }
    return job;
}

/* The one that came first, of those that somebody waits for. */
static struct pool_job *first_awaited(struct pool *pool)
{
    struct pool_job *urgent = first_of(&pool->urgent);
    struct pool_job *write = pool->writing < pool->max_writing ? first_of(&pool->writes) : NULL;

    if (urgent != NULL && write != NULL)
        return urgent->deadline.at_ns <= write->deadline.at_ns ? urgent : write;
    return urgent != NULL ? urgent : write;
}

static struct pool_job *next_job(struct pool *pool)
{
    struct pool_job *awaited = first_awaited(pool), *bulk = first_of(&pool->bulk), *normal = first_of(&pool->normal);

    pool->bulk_was_last = bulk != NULL && ((awaited == NULL && normal == NULL) || !pool->bulk_was_last);
    if (pool->bulk_was_last)
        return take(pool, bulk);
    if (awaited != NULL && (normal == NULL || ++pool->awaited_in_a_row < POOL_TURN))
        return take(pool, awaited);
    pool->awaited_in_a_row = 0;
    return take(pool, normal);
}

static struct pool_job *any_job(struct pool *pool)
{
    struct pool_job *job = next_job(pool);
    return job != NULL ? job : take(pool, first_of(&pool->writes));
}

static void set_state(struct pool *pool, bool up, const char *err)
{
    if (pool->state == (up ? POOL_UP : POOL_DOWN))
        return;
    pool->state = up ? POOL_UP : POOL_DOWN;
    pool->on_state(pool, up, err);
}

/* --- a job on a member ---------------------------------------------------------------------- */

/* What a function may have done to its session for good (SET, not SET LOCAL) is undone before the
 * COMMIT, in the same transaction, because a pooler may give the next one another session. Settings
 * come first: a statement_timeout of the function's must not stop the rest. A function that fails takes
 * all of it back, but for its locks: they are let go behind the COMMIT as well, and in front of it for
 * a COMMIT that fails. */
static const char *const settings[] = {"reset all", "reset session authorization", "reset role"};
#define UNLOCK "select pg_catalog.pg_advisory_unlock_all()"

static void send_simple(PGconn *conn, const char *sql)
{
    PQsendQueryParams(conn, sql, 0, NULL, NULL, NULL, NULL, 0);
}

static void run(struct pool_member *member, struct pool_job *job)
{
    PGconn *conn = member->pg.conn;
    struct pool *pool = member->pool;
    bool calls = job->write || job->snapshot; /* functions of the application */

    enter(member, MEMBER_BUSY);
    member->job = job;
    member->syncs = 0;
    member->committed = member->failed = false;
    pool->writing += job->write;
    job->member = member;
    /* A failure to queue means a broken connection, which on_lost() will report. */
    send_simple(conn, job->snapshot ? "begin isolation level repeatable read read only" : "begin");
    send_simple(conn, pool->set_timeout);
    PQsendQueryParams(conn, job->sql, job->value_count, NULL, job->values, job->lengths, job->formats,
                      job->result_format);
    for (size_t i = 0; calls && i < sizeof(settings) / sizeof(*settings); ++i)
        send_simple(conn, settings[i]);
    if (job->write) { /* a read can make no tables, and its COMMIT does not fail */
        send_simple(conn, "discard temp");
        send_simple(conn, UNLOCK);
    }
    PQpipelineSync(conn);
    send_simple(conn, "commit");
    if (calls)
        send_simple(conn, UNLOCK);
    PQpipelineSync(conn);
    pg_flush(&member->pg);
}

/* Keeps what decides: the first error, else the rows. */
static void collect(struct pool_member *member, PGresult *result)
{
    ExecStatusType status = PQresultStatus(result);

    /* What libpq itself says of a broken connection has no SQLSTATE. */
    if (status == PGRES_FATAL_ERROR && member->syncs == 0 && PQresultErrorField(result, PG_DIAG_SQLSTATE) != NULL)
        member->failed = true;
    if (status == PGRES_COMMAND_OK && strcmp(PQcmdStatus(result), "COMMIT") == 0)
        member->committed = true;
    if (member->committed) /* whatever comes now (the server's goodbye, say) undoes nothing */
        PQclear(result);
    else if (status == PGRES_TUPLES_OK && member->result == NULL) {
        member->result = result;
    } else if (status == PGRES_FATAL_ERROR &&
               (member->result == NULL || PQresultStatus(member->result) != PGRES_FATAL_ERROR)) {
        PQclear(member->result);
        member->result = result;
    } else {
        PQclear(result);
    }
}

/* Takes the job from its member, and what has arrived of its result. */
static struct pool_job *detach(struct pool_member *member, PGresult **result)
{
    struct pool_job *job = member->job;

    *result = member->result;
    member->result = NULL;
    member->job = NULL;
    if (job != NULL)
        member->pool->writing -= job->write;
    return job;
}

static void deliver(struct pool_job *job, PGresult *result)
{
    const char *sqlstate, *message;

    if (result != NULL && PQresultStatus(result) == PGRES_TUPLES_OK) {
        finish(job, POOL_OK, result, NULL, NULL);
        return;
    }
    sqlstate = result == NULL ? NULL : PQresultErrorField(result, PG_DIAG_SQLSTATE);
    message = result == NULL ? NULL : PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    job->detail = result == NULL ? NULL : PQresultErrorField(result, PG_DIAG_MESSAGE_DETAIL);
    finish(job, POOL_ERROR, NULL, sqlstate == NULL ? "XX000" : sqlstate,
           message == NULL ? "the statement returned no rows" : message);
    PQclear(result);
}

static bool is_large(const struct pool_job *job)
{
    size_t length = 0;

    for (int i = 0; i < job->value_count; ++i)
        length += job->formats[i] == 1 ? (size_t)job->lengths[i] : 0;
    return length > POOL_MAX_KEPT;
}

static void complete(struct pool_member *member)
{
    PGresult *result;
    struct pool_job *job;
    bool idle = PQtransactionStatus(member->pg.conn) == PQTRANS_IDLE;

    if (!idle) { /* COMMIT has ended it: the server, or what is between, does not do what it says */
        pg_close(&member->pg);
        on_lost(&member->pg, "it was left in a transaction");
        return;
    }
    member->answered = true;
    member->pool->failures = 0;
    job = detach(member, &result);
    if (is_large(job)) {
        pg_close(&member->pg);
        enter(member, MEMBER_ABSENT);
    } else {
        enter(member, MEMBER_IDLE);
    }
    deliver(job, result);
}

static void on_input(struct pg *pg)
{
    struct pool_member *member = H2O_STRUCT_FROM_MEMBER(struct pool_member, pg, pg);
    struct pool *pool = member->pool;

    while (member->state == MEMBER_BUSY && !PQisBusy(pg->conn)) {
        PGresult *result = PQgetResult(pg->conn);
        if (result == NULL) {
            if (PQstatus(pg->conn) == CONNECTION_BAD)
                break; /* NULL for ever; pg.c loses the connection next */
            continue;  /* between two statements of the pipeline */
        }
        if (PQresultStatus(result) != PGRES_PIPELINE_SYNC) {
            collect(member, result);
        } else {
            PQclear(result);
            if (++member->syncs == 2)
                complete(member);
        }
        if (PQstatus(pg->conn) == CONNECTION_BAD)
            break;
    }
    for (PGnotify *n; pg->conn != NULL && (n = PQnotifies(pg->conn)) != NULL;)
        PQfreemem(n); /* a function said LISTEN; nobody asked for it */
    dispatch(pool);
}

/* --- connections ----------------------------------------------------------------------------- */

static bool any_alive(struct pool *pool)
{
    return find(pool, MEMBER_IDLE) != NULL || find(pool, MEMBER_BUSY) != NULL;
}

static void fail_waiting(struct pool *pool, const char *err)
{
    h2o_linklist_t failed;
    struct pool_job *job;

    h2o_linklist_init_anchor(&failed);
    while ((job = any_job(pool)) != NULL)
        h2o_linklist_insert(&failed, &job->link);
    while (!h2o_linklist_is_empty(&failed)) {
        job = H2O_STRUCT_FROM_MEMBER(struct pool_job, link, failed.next);
        h2o_linklist_unlink(&job->link);
        finish(job, POOL_AWAY, NULL, NULL, err);
    }
}

static void connect_one(struct pool *pool)
{
    struct pool_member *member = find(pool, MEMBER_ABSENT);

    if (member == NULL || find(pool, MEMBER_CONNECTING) != NULL || timer_is_set(&pool->retry))
        return;
    enter(member, MEMBER_CONNECTING);
    pg_connect(&member->pg);
}

static void retry_later(struct pool *pool)
{
    timer_set(&pool->loop->timers, &pool->retry, pool_backoff_ms(pool->failures++) * NS_PER_MS);
}

static void on_retry(struct timer *timer)
{
    connect_one(H2O_STRUCT_FROM_MEMBER(struct pool, retry, timer));
}

static void on_connected(struct pg *pg, const char *err)
{
    struct pool_member *member = H2O_STRUCT_FROM_MEMBER(struct pool_member, pg, pg);
    struct pool *pool = member->pool;

    if (err == NULL && PQenterPipelineMode(pg->conn) != 1)
        err = "libpq refuses pipeline mode";
    if (err != NULL) {
        pg_close(pg);
        enter(member, MEMBER_ABSENT);
        retry_later(pool);
        if (!any_alive(pool)) {
            set_state(pool, false, err);
            fail_waiting(pool, err);
        }
        return;
    }
    member->answered = false;
    enter(member, MEMBER_IDLE);
    set_state(pool, true, NULL);
    dispatch(pool);
}

static void on_lost(struct pg *pg, const char *err)
{
    struct pool_member *member = H2O_STRUCT_FROM_MEMBER(struct pool_member, pg, pg);
    struct pool *pool = member->pool;
    PGresult *result;
    struct pool_job *job = detach(member, &result);

    enter(member, MEMBER_ABSENT);
    log_notice("database: a pool connection was lost: %s", err);
    if (job != NULL && !member->answered)
        retry_later(pool);
    if (!any_alive(pool) && pool->state == POOL_UP)
        pool->state = POOL_UNKNOWN; /* until the next attempt tells */
    if (job != NULL && job->repeatable) {
        job->repeatable = false;
        job->member = NULL;
        h2o_linklist_insert(pool->urgent.next, &job->link); /* at the head */
        ++pool->waiting;
    } else if (job != NULL && member->committed) {
        deliver(job, result);
        result = NULL;
    } else if (job != NULL) {
        job->in_doubt = job->write && !member->failed;
        finish(job, POOL_AWAY, NULL, NULL, err);
    }
    PQclear(result);
    if (!any_alive(pool))
        connect_one(pool);
    dispatch(pool);
}

static void dispatch(struct pool *pool)
{
    for (size_t i = 0; i < pool->size; ++i) {
        struct pool_member *member = &pool->members[i];
        /* A broken connection may still look idle while its last input is being read. */
        if (member->state != MEMBER_IDLE || PQstatus(member->pg.conn) != CONNECTION_OK)
            continue;
        struct pool_job *job = next_job(pool);
        if (job == NULL)
            return;
        run(member, job);
    }
    if (pool->waiting != 0 || !any_alive(pool))
        connect_one(pool);
}

/* --- jobs ------------------------------------------------------------------------------------ */

static void on_deadline(struct timer *timer)
{
    struct pool_job *job = H2O_STRUCT_FROM_MEMBER(struct pool_job, deadline, timer);
    struct pool *pool = job->pool;

    if (job->member != NULL) {
        /* The server's own timeout should have answered: the link is dead. */
        struct pool_member *member = job->member;
        PGresult *result;
        log_warning("database: no answer in time; the connection is closed");
        pg_close(&member->pg);
        detach(member, &result);
        PQclear(result);
        enter(member, MEMBER_ABSENT);
        job->in_doubt = job->write;
    } else {
        h2o_linklist_unlink(&job->link);
        --pool->waiting;
    }
    job->done(job, POOL_ERROR, NULL, "57014", "no answer from the database in time");
    dispatch(pool);
}

/* A refusal comes from the loop, never out of pool_submit() itself: its caller is in the middle
 * of something. */
static void on_away(struct timer *timer)
{
    struct pool_job *job = H2O_STRUCT_FROM_MEMBER(struct pool_job, deadline, timer);
    job->done(job, POOL_AWAY, NULL, NULL, "the database is away");
}

static void on_overload(struct timer *timer)
{
    struct pool_job *job = H2O_STRUCT_FROM_MEMBER(struct pool_job, deadline, timer);
    job->done(job, POOL_ERROR, NULL, "53000", "too many statements are waiting");
}

static h2o_linklist_t *list_of(struct pool *pool, const struct pool_job *job)
{
    if (job->write)
        return &pool->writes;
    if (job->bulk)
        return &pool->bulk;
    return job->urgent ? &pool->urgent : &pool->normal;
}

void pool_submit(struct pool *pool, struct pool_job *job)
{
    job->pool = pool;
    job->member = NULL;
    job->in_doubt = false;
    job->detail = NULL;
    job->link = (h2o_linklist_t){NULL, NULL};
    if (pool->state == POOL_DOWN || pool->waiting == POOL_MAX_JOBS) {
        job->deadline = (struct timer){.fire = pool->state == POOL_DOWN ? on_away : on_overload};
        timer_set(&pool->loop->timers, &job->deadline, 0);
        return;
    }
    job->deadline = (struct timer){.fire = on_deadline};
    timer_set(&pool->loop->timers, &job->deadline, (pool->query_timeout_ms + POOL_GRACE_MS) * NS_PER_MS);
    h2o_linklist_insert(list_of(pool, job), &job->link);
    ++pool->waiting;
    dispatch(pool);
}

bool pool_hasten(struct pool *pool, struct pool_job *job)
{
    if (job->member != NULL || !h2o_linklist_is_linked(&job->link)) /* it runs, or is being refused */
        return false;
    if (!job->urgent) {
        h2o_linklist_unlink(&job->link);
        job->urgent = true;
        h2o_linklist_insert(&pool->urgent, &job->link);
    }
    return true;
}

void pool_init(struct pool *pool, struct loop *loop, const char *conninfo, unsigned size,
               unsigned query_timeout_ms)
{
    *pool = (struct pool){.loop = loop, .conninfo = conninfo, .size = size,
                          .query_timeout_ms = query_timeout_ms, .retry = {.fire = on_retry}};
    snprintf(pool->set_timeout, sizeof(pool->set_timeout), "set local statement_timeout = %u",
             query_timeout_ms);
    h2o_linklist_init_anchor(&pool->urgent);
    h2o_linklist_init_anchor(&pool->writes);
    h2o_linklist_init_anchor(&pool->bulk);
    h2o_linklist_init_anchor(&pool->normal);
    pool->max_writing = size > 1 ? size - 1 : 1;
    pool->members = must_alloc(size * sizeof(*pool->members));
    for (size_t i = 0; i < size; ++i) {
        pool->members[i].pool = pool;
        pool->members[i].pg = (struct pg){.loop = loop, .conninfo = conninfo, .purpose = "pgcrier",
                                          .on_connected = on_connected, .on_input = on_input,
                                          .on_lost = on_lost};
    }
}

void pool_start(struct pool *pool)
{
    connect_one(pool);
}
