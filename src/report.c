/* report.c -- see report.h. */
#include "report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "log.h"

static void add_time(struct buffer *b, const char *name, uint64_t ms)
{
    if (ms != 0)
        buffer_printf(b, ",\"%s\":%llu", name, (unsigned long long)ms);
}

/* Returns 0, or -1 when the row did not fit: nothing of it is added then. */
static int add_row(struct buffer *b, struct mirror *mirror, uint32_t subscribers)
{
    size_t before = b->length;
    const char *topic = mirror_topic(mirror);

    buffer_puts(b, b->length == 0 ? "[" : ",");
    buffer_puts(b, "{\"key\":");
    buffer_json_string(b, mirror->call->key, strlen(mirror->call->key));
    buffer_printf(b, ",\"route\":%d,\"subscribers\":%u", mirror->call->route->id, subscribers);
    if (topic != NULL) {
        buffer_puts(b, ",\"topic\":");
        buffer_json_string(b, topic, strlen(topic));
    }
    add_time(b, "notified", mirror->notified_at_ms);
    add_time(b, "read", mirror->read_at_ms);
    if (mirror->error.status != 0) {
        char text[320];
        int length = snprintf(text, sizeof(text), "%d %s", mirror->error.status, mirror->error.title);
        buffer_puts(b, ",\"error\":");
        buffer_json_string(b, text, (size_t)length);
    }
    buffer_puts(b, "}");
    if (!b->overflowed)
        return 0;
    b->length = before;
    b->overflowed = false;
    return -1;
}

static void set_timer(struct report *report)
{
    timer_set(report->mirrors->timers, &report->timer, REPORT_INTERVAL_MS * NS_PER_MS);
}

static void on_reported(struct pool_job *job, enum pool_outcome outcome, PGresult *result,
                        const char *sqlstate, const char *message)
{
    struct report *report = H2O_STRUCT_FROM_MEMBER(struct report, job, job);

    (void)sqlstate;
    report->in_flight = false;
    if (outcome == POOL_OK) {
        PQclear(result);
    } else {
        /* The rows are lost with it: everything is told again. */
        struct mirror *mirror, *next;
        log_debug("report: %s", message);
        HASH_ITER(hh, report->mirrors->by_key, mirror, next)
            mirror->report_due = true;
        report->reported_ns = 0;
    }
    if (report->stopped != NULL)
        report_stop(report, report->stopped);
}

static void collect(struct report *report)
{
    struct mirror *mirror, *next;
    size_t count = 0;

    buffer_clear(&report->rows);
    if (report->ended.length != 0)
        buffer_append(&report->rows, report->ended.bytes, report->ended.length);
    buffer_clear(&report->ended);
    HASH_ITER(hh, report->mirrors->by_key, mirror, next) {
        if (!mirror->report_due || (mirror_subscribers(mirror) == 0 && !mirror->reported))
            continue;
        if (count++ == REPORT_ROWS || add_row(&report->rows, mirror, mirror_subscribers(mirror)) != 0)
            break;
        mirror->report_due = false;
        mirror->reported = mirror_subscribers(mirror) != 0;
    }
    buffer_puts(&report->rows, report->rows.length == 0 ? "[]" : "]");
}

static void on_time(struct timer *timer)
{
    struct report *report = H2O_STRUCT_FROM_MEMBER(struct report, timer, timer);
    uint64_t now = timers_now_ns(report->mirrors->timers);
    char host[128] = "";

    set_timer(report);
    if (report->in_flight)
        return;
    collect(report);
    if (report->rows.length == 2 && report->reported_ns != 0 &&
        now - report->reported_ns < REPORT_ALIVE_MS * NS_PER_MS)
        return;
    gethostname(host, sizeof(host) - 1);
    snprintf(report->info, sizeof(report->info),
             "{\"name\":\"%s:%ld\",\"version\":\"" PACKAGE_VERSION "\",\"listening\":%s}", host,
             (long)getpid(), *report->listening ? "true" : "false");
    report->job = (struct pool_job){
        .sql = "select crier.relay_report($1, $2, $3)",
        .value_count = 3,
        .values = {report->relay_id, report->info, report->rows.bytes},
        .done = on_reported,
    };
    report->in_flight = true;
    report->reported_ns = now;
    pool_submit(report->pool, &report->job);
}

void report_init(struct report *report, struct pool *pool, struct mirrors *mirrors,
                 const char *relay_id, const bool *listening)
{
    *report = (struct report){.pool = pool, .mirrors = mirrors, .relay_id = relay_id,
                              .listening = listening, .timer = {.fire = on_time}};
    buffer_init(&report->ended, REPORT_MAX / 2);
    buffer_init(&report->rows, REPORT_MAX);
}

void report_start(struct report *report)
{
    set_timer(report);
}

void report_end_key(struct report *report, struct mirror *mirror)
{
    /* When it does not fit, the row stays until the relay ends: it decides nothing. */
    if (mirror->reported)
        (void)add_row(&report->ended, mirror, 0);
}

static void on_stopped(struct pool_job *job, enum pool_outcome outcome, PGresult *result,
                       const char *sqlstate, const char *message)
{
    struct report *report = H2O_STRUCT_FROM_MEMBER(struct report, job, job);

    (void)sqlstate;
    (void)message;
    if (outcome == POOL_OK)
        PQclear(result);
    report->stopped(report);
}

void report_stop(struct report *report, void (*stopped)(struct report *report))
{
    timer_cancel(report->mirrors->timers, &report->timer);
    report->stopped = stopped;
    if (report->in_flight)
        return; /* on_reported() comes back here */
    report->job = (struct pool_job){
        .sql = "select crier.relay_stop($1)",
        .value_count = 1,
        .values = {report->relay_id},
        .done = on_stopped,
    };
    pool_submit(report->pool, &report->job);
}
