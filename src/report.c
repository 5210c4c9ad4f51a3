/* report.c -- see report.h. */
#include "report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backlog.h"
#include "log.h"

static void add_time(struct buffer *b, const char *name, uint64_t ms)
{
    if (ms != 0)
        buffer_printf(b, ",\"%s\":%llu", name, (unsigned long long)ms);
}

/* What is said of a key. */
struct row {
    const char *key;
    int route;
    uint32_t subscribers;
    const char *topic; /* NULL: not known */
    uint64_t notified_at_ms, read_at_ms;
    const struct problem *error; /* NULL, or status 0: none */
    const struct mirror *mirror; /* NULL: no document */
};

/* What decides whether triggers build this document, and what they need for that. */
static void add_gate(struct buffer *b, const struct mirror *mirror)
{
    size_t length;

    if (mirror == NULL || mirror->frame == NULL)
        return;
    frame_json(mirror->frame, &length);
    buffer_printf(b, ",\"octets\":%zu,\"milliseconds\":%.3f", length, mirror->read_ms);
    if (mirror->call->route->inlined && strlen(mirror->call->arguments) <= REPORT_MAX_ARGUMENTS)
        buffer_printf(b, ",\"arguments\":%s", mirror->call->arguments);
}

/* Returns 0, or -1 when the row did not fit: nothing of it is added then. */
static int add_row(struct buffer *b, const struct row *row)
{
    size_t before = b->length;

    buffer_puts(b, b->length == 0 ? "[" : ",");
    buffer_puts(b, "{\"key\":");
    buffer_json_string(b, row->key, strlen(row->key));
    buffer_printf(b, ",\"route\":%d,\"subscribers\":%u", row->route, row->subscribers);
    if (row->topic != NULL) {
        buffer_puts(b, ",\"topic\":");
        buffer_json_string(b, row->topic, strlen(row->topic));
    }
    add_time(b, "notified", row->notified_at_ms);
    add_time(b, "read", row->read_at_ms);
    add_gate(b, row->mirror);
    if (row->error != NULL && row->error->status != 0) {
        char text[320];
        int length = snprintf(text, sizeof(text), "%d %s", row->error->status, row->error->title);
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

static int add_mirror(struct buffer *b, const struct mirror *mirror, uint32_t subscribers)
{
    return add_row(b, &(struct row){
        .key = mirror->call->key, .route = mirror->call->route->id, .subscribers = subscribers,
        .topic = mirror_topic(mirror), .notified_at_ms = mirror->notified_at_ms,
        .read_at_ms = mirror->read_at_ms, .error = &mirror->error, .mirror = mirror,
    });
}

static int add_channel(struct buffer *b, const struct channel_key *key, uint32_t subscribers)
{
    return add_row(b, &(struct row){
        .key = key->route->path, .route = key->route->id, .subscribers = subscribers,
        .topic = key->route->channel, .notified_at_ms = key->notified_at_ms,
    });
}

static void set_timer(struct report *report)
{
    uint64_t ms = report->hurry && !report->in_flight ? REPORT_SOON_MS : REPORT_INTERVAL_MS;
    timer_set(report->mirrors->timers, &report->timer, ms * NS_PER_MS);
}

void report_soon(struct report *report)
{
    if (report->hurry || report->stopped != NULL)
        return;
    report->hurry = true;
    set_timer(report);
}

/* What was being told is lost. */
static void tell_all_again(struct report *report)
{
    struct mirror *mirror, *next_mirror;
    struct channel_key *channel, *next_channel;

    HASH_ITER(hh, report->mirrors->by_key, mirror, next_mirror)
        mirror->report_due = true;
    HASH_ITER(hh, report->channels->by_key, channel, next_channel)
        channel->report_due = true;
    report->reported_ns = 0;
}

static void on_reported(struct pool_job *job, enum pool_outcome outcome, PGresult *result,
                        const char *sqlstate, const char *message)
{
    struct report *report = H2O_STRUCT_FROM_MEMBER(struct report, job, job);

    (void)sqlstate;
    report->in_flight = false;
    if (outcome == POOL_OK) {
        backlog_seen(PQgetvalue(result, 0, 1));
        PQclear(result);
    } else {
        log_debug("report: %s", message);
        tell_all_again(report);
    }
    if (report->stopped != NULL)
        report_stop(report, report->stopped);
    else if (report->hurry)
        set_timer(report);
}

static void collect_mirrors(struct report *report)
{
    struct mirror *mirror, *next;
    size_t count = 0;

    HASH_ITER(hh, report->mirrors->by_key, mirror, next) {
        uint32_t subscribers = mirror_subscribers(mirror);
        if (!mirror->report_due || (subscribers == 0 && !mirror->reported))
            continue;
        if (count++ == REPORT_ROWS || add_mirror(&report->rows, mirror, subscribers) != 0)
            break;
        mirror->report_due = false;
        mirror->reported = subscribers != 0;
        mirror->reported_document = mirror->reported && mirror->frame != NULL;
    }
}

static void collect_channels(struct report *report)
{
    struct channel_key *key, *next;

    HASH_ITER(hh, report->channels->by_key, key, next) {
        uint32_t subscribers = channel_key_subscribers(report->channels, key);
        if (!key->report_due || (subscribers == 0 && !key->reported))
            continue;
        if (add_channel(&report->rows, key, subscribers) != 0)
            break;
        key->report_due = false;
        key->reported = subscribers != 0;
    }
}

static void collect(struct report *report)
{
    buffer_clear(&report->rows);
    if (report->ended.length != 0)
        buffer_append(&report->rows, report->ended.bytes, report->ended.length);
    buffer_clear(&report->ended);
    collect_channels(report);
    collect_mirrors(report);
    buffer_puts(&report->rows, report->rows.length == 0 ? "[]" : "]");
}

static void on_time(struct timer *timer)
{
    struct report *report = H2O_STRUCT_FROM_MEMBER(struct report, timer, timer);
    uint64_t now = timers_now_ns(report->mirrors->timers);
    char host[128] = "";

    if (report->in_flight) {
        set_timer(report);
        return;
    }
    report->hurry = false;
    set_timer(report);
    collect(report);
    if (report->rows.length == 2 && report->reported_ns != 0 &&
        now - report->reported_ns < REPORT_ALIVE_MS * NS_PER_MS)
        return;
    gethostname(host, sizeof(host) - 1);
    snprintf(report->info, sizeof(report->info),
             "{\"name\":\"%s:%ld\",\"version\":\"" PACKAGE_VERSION "\",\"listening\":%s}", host,
             (long)getpid(), *report->listening ? "true" : "false");
    report->job = (struct pool_job){
        .sql = "select crier.relay_report($1, $2, $3), pg_catalog.pg_notification_queue_usage()",
        .value_count = 3,
        .values = {report->relay_id, report->info, report->rows.bytes},
        .done = on_reported,
    };
    report->in_flight = true;
    report->reported_ns = now;
    pool_submit(report->pool, &report->job);
}

void report_init(struct report *report, struct pool *pool, struct mirrors *mirrors,
                 struct channels *channels, const char *relay_id, const bool *listening)
{
    *report = (struct report){.pool = pool, .mirrors = mirrors, .channels = channels, .relay_id = relay_id,
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
        (void)add_mirror(&report->ended, mirror, 0);
}

void report_end_channel(struct report *report, struct channel_key *key)
{
    if (key->reported)
        (void)add_channel(&report->ended, key, 0);
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
