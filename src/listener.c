/* listener.c -- see listener.h. */
#include "listener.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "log.h"
#include "metrics.h"

enum { SQL_MAX = 2 << 20 }; /* 10,000 routes of one channel each need less */

static struct listener *of(struct pg *pg)
{
    return H2O_STRUCT_FROM_MEMBER(struct listener, pg, pg);
}

static struct timers *timers(struct listener *listener)
{
    return &listener->pg.loop->timers;
}

/* --- channels -------------------------------------------------------------------------------- */

struct listened {
    bool wanted;
    bool named;    /* since the last listener_follow() */
    bool in_force; /* or LISTEN is in flight */
    UT_hash_handle hh;
    char name[];
};

void listener_want(struct listener *listener, const char *name)
{
    struct listened *channel;
    size_t length = strlen(name);

    HASH_FIND(hh, listener->channels, name, length, channel);
    if (channel == NULL) {
        channel = must_alloc(sizeof(*channel) + length + 1);
        memcpy(channel->name, name, length);
        HASH_ADD_KEYPTR(hh, listener->channels, channel->name, length, channel);
    }
    channel->named = true;
}

static void add_command(struct listener *listener, struct buffer *sql, const char *verb, const char *name)
{
    char *quoted = PQescapeIdentifier(listener->pg.conn, name, strlen(name));

    if (quoted == NULL) /* no valid UTF-8: nobody can notify it */
        return;
    buffer_printf(sql, "%s %s; ", verb, quoted);
    PQfreemem(quoted);
}

/* Appends what is to be said to get from what is in force to what is wanted. */
static void add_commands(struct listener *listener, struct buffer *sql)
{
    struct listened *channel, *next;

    HASH_ITER(hh, listener->channels, channel, next) {
        if (channel->wanted && !channel->in_force) {
            add_command(listener, sql, "listen", channel->name);
            channel->in_force = true;
        } else if (!channel->wanted) {
            if (channel->in_force)
                add_command(listener, sql, "unlisten", channel->name);
            HASH_DEL(listener->channels, channel);
            free(channel);
        }
    }
}

/* Returns whether a command is in flight. */
static bool follow(struct listener *listener)
{
    struct buffer sql;

    if (!listener->listening) /* the first LISTEN may be in flight: then this comes behind it */
        return listener->pg.conn != NULL;
    if (listener->following)
        return true;
    buffer_init(&sql, SQL_MAX);
    add_commands(listener, &sql);
    if (sql.length != 0) {
        PQsendQuery(listener->pg.conn, sql.bytes);
        pg_flush(&listener->pg);
        listener->following = true;
    }
    buffer_dispose(&sql);
    return listener->following;
}

bool listener_follow(struct listener *listener)
{
    struct listened *channel, *next;

    HASH_ITER(hh, listener->channels, channel, next) {
        channel->wanted = channel->named;
        channel->named = false;
    }
    return follow(listener);
}

static void forget_channels(struct listener *listener)
{
    struct listened *channel, *next;

    HASH_ITER(hh, listener->channels, channel, next)
        channel->in_force = false;
    listener->following = false;
}

static void lose(struct listener *listener, const char *err)
{
    pg_close(&listener->pg);
    forget_channels(listener);
    timer_cancel(timers(listener), &listener->canary);
    timer_cancel(timers(listener), &listener->canary_deadline);
    if (listener->listening)
        metric_add(METRIC_LISTENING, -1);
    listener->listening = listener->heard = false;
    timer_set(timers(listener), &listener->retry, pool_backoff_ms(listener->failures++) * NS_PER_MS);
    listener->on_lost(listener, err);
}

/* --- the canary ------------------------------------------------------------------------------ */

static void on_canary_sent(struct pool_job *job, enum pool_outcome outcome, PGresult *result,
                           const char *sqlstate, const char *message)
{
    struct listener *listener = H2O_STRUCT_FROM_MEMBER(struct listener, canary_job, job);

    listener->canary_in_flight = false;
    if (outcome == POOL_ERROR && strcmp(sqlstate, "25006") == 0 && listener->listening) {
        lose(listener, "the reads go to a standby, which shows changes later than they are announced: "
                       "--database must be the primary");
        return;
    }
    if (outcome != POOL_OK) { /* nothing was sent, nothing can be missed: the pool's own trouble */
        log_debug("listener: the canary could not be sent: %s", message);
        return;
    }
    PQclear(result);
    if (listener->listening && listener->canary_seen < listener->canary_sent &&
        !timer_is_set(&listener->canary_deadline)) {
        listener->canary_since_ns = timers_now_ns(timers(listener));
        timer_set(timers(listener), &listener->canary_deadline, CANARY_TIMEOUT_MS * NS_PER_MS);
    }
}

static void send_canary(struct listener *listener)
{
    timer_set(timers(listener), &listener->canary, CANARY_INTERVAL_MS * NS_PER_MS);
    if (listener->canary_in_flight)
        return;
    snprintf(listener->canary_number, sizeof(listener->canary_number), "%lu", ++listener->canary_sent);
    listener->canary_job = (struct pool_job){
        .sql = "select pg_notify($1, $2)",
        .value_count = 2,
        .values = {listener->canary_channel, listener->canary_number},
        .urgent = true,
        .done = on_canary_sent,
    };
    listener->canary_in_flight = true;
    pool_submit(listener->pool, &listener->canary_job);
}

static void on_canary_time(struct timer *timer)
{
    send_canary(H2O_STRUCT_FROM_MEMBER(struct listener, canary, timer));
}

static void on_canary_missed(struct timer *timer)
{
    struct listener *listener = H2O_STRUCT_FROM_MEMBER(struct listener, canary_deadline, timer);

    if (!listener->listening)
        lose(listener, "LISTEN was not answered in time");
    else if (listener->heard)
        lose(listener, "a notification sent through the pool did not come back");
    else
        lose(listener, "a notification sent through the pool did not come back: is there a "
                       "transaction pooler between? Give --listen-database a direct connection");
}

static void canary_heard(struct listener *listener, const char *payload)
{
    bool first = !listener->heard;

    metric_add(METRIC_NOTIFICATIONS_CANARY, 1);
    listener->canary_seen = strtoul(payload, NULL, 10);
    listener->heard = true;
    timer_cancel(timers(listener), &listener->canary_deadline);
    if (first)
        listener->on_heard(listener);
}

/* Something came: the canary that is due may be behind it. */
static void wait_longer(struct listener *listener)
{
    if (timer_is_set(&listener->canary_deadline) &&
        timers_now_ns(timers(listener)) - listener->canary_since_ns < (CANARY_LIMIT_MS - CANARY_TIMEOUT_MS) * NS_PER_MS)
        timer_set(timers(listener), &listener->canary_deadline, CANARY_TIMEOUT_MS * NS_PER_MS);
}

/* --- the connection -------------------------------------------------------------------------- */

static void on_connected(struct pg *pg, const char *err)
{
    struct listener *listener = of(pg);
    struct buffer sql;

    if (err != NULL) {
        lose(listener, err);
        return;
    }
    buffer_init(&sql, SQL_MAX);
    buffer_printf(&sql, "listen crier; listen %s; ", listener->canary_channel);
    add_commands(listener, &sql);
    PQsendQuery(pg->conn, sql.bytes);
    pg_flush(pg);
    buffer_dispose(&sql);
    timer_set(timers(listener), &listener->canary_deadline, CANARY_TIMEOUT_MS * NS_PER_MS);
}

static void listening(struct listener *listener)
{
    timer_cancel(timers(listener), &listener->canary_deadline); /* it was LISTEN's */
    listener->listening = true;
    listener->failures = 0;
    metric_add(METRIC_LISTENING, 1);
    listener->on_listening(listener);
    send_canary(listener);
}

static void drain_notifications(struct listener *listener)
{
    PGnotify *notify;
    bool came = false;

    while (listener->pg.conn != NULL && (notify = PQnotifies(listener->pg.conn)) != NULL) {
        if (strcmp(notify->relname, listener->canary_channel) == 0)
            canary_heard(listener, notify->extra);
        else
            listener->on_notification(listener, notify->relname, notify->extra);
        PQfreemem(notify);
        came = true;
    }
    if (came)
        wait_longer(listener);
    listener->on_drained(listener);
}

static void command_done(struct listener *listener)
{
    if (!listener->listening)
        listening(listener);
    else if (!listener->following)
        return;
    listener->following = false;
    if (!follow(listener))
        listener->on_channels(listener);
}

static void on_input(struct pg *pg)
{
    struct listener *listener = of(pg);
    char err[512] = "";
    bool done = false;

    while (!PQisBusy(pg->conn)) {
        PGresult *result = PQgetResult(pg->conn);
        if (result == NULL) {
            done = true;
            break;
        }
        if (PQresultStatus(result) == PGRES_FATAL_ERROR)
            snprintf(err, sizeof(err), "%s", pg_first_line(PQresultErrorMessage(result)));
        PQclear(result);
    }
    if (err[0] != '\0') {
        lose(listener, err); /* 25006 on a standby: "cannot execute LISTEN during recovery" */
        return;
    }
    if (done)
        command_done(listener);
    drain_notifications(listener);
}

static void on_lost(struct pg *pg, const char *err)
{
    lose(of(pg), err);
}

static void on_retry(struct timer *timer)
{
    pg_connect(&H2O_STRUCT_FROM_MEMBER(struct listener, retry, timer)->pg);
}

void listener_init(struct listener *listener, struct loop *loop, const char *conninfo,
                   struct pool *pool, const char *relay_id)
{
    memset(listener, 0, sizeof(*listener));
    listener->pg = (struct pg){.loop = loop, .conninfo = conninfo, .purpose = "pgcrier listener",
                               .on_connected = on_connected, .on_input = on_input, .on_lost = on_lost};
    listener->pool = pool;
    snprintf(listener->canary_channel, sizeof(listener->canary_channel), "crier_%.8s", relay_id);
    listener->retry.fire = on_retry;
    listener->canary.fire = on_canary_time;
    listener->canary_deadline.fire = on_canary_missed;
}

void listener_start(struct listener *listener)
{
    pg_connect(&listener->pg);
}
