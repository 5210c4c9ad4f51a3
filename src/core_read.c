/* core_read.c -- the core reads a document: one job of the pool, whose answer goes to the mirror.
 *
 * What PostgreSQL says is either a document (which becomes a frame, with the topic and the snapshot
 * that it belongs to), NULL, or an error. Which of them it is, the mirror is told in its own words.
 */
#include "core_private.h"

#include <stdio.h>
#include <stdlib.h>

#include "log.h"
#include "metrics.h"

/* One read in flight. The mirror outlives it: while it is reading, it does not vanish. */
struct read {
    struct pool_job job;
    struct mirror *mirror;
    struct call *call;
    char route_id[16];
};

static void release_result(void *result)
{
    PQclear(result);
}

/* A copy, or NULL. */
static char *column(const PGresult *result, int n)
{
    return PQgetisnull(result, 0, n) ? NULL : must_strdup(PQgetvalue(result, 0, n));
}

static void read_arrived(struct read *read, PGresult *result)
{
    const struct route *route = read->call->route;
    struct mirror *mirror = read->mirror;
    struct core *core = mirror->set->data;
    bool report_news = false;
    size_t length = (size_t)PQgetlength(result, 0, 0);
    char *topic = column(result, 1), *snapshot = column(result, 2);
    struct mirror_reading reading = {
        .topic = topic, .snapshot = snapshot, .milliseconds = atof(PQgetvalue(result, 0, 3))};
    struct problem problem;

    if (PQgetisnull(result, 0, 0)) {
        PQclear(result);
        mirror_read_done(mirror, &reading);
    } else if (length > route->max_bytes) {
        PQclear(result);
        log_error("the document of %s has %zu octets; the route %s allows %zu", read->call->key, length,
                  route->path, route->max_bytes);
        problem_set(&problem, 500, "The document is larger than its route allows", route->path);
        mirror_read_failed(mirror, &problem, false);
    } else {
        metric_add(METRIC_FRAMES, 1);
        reading.frame = frame_document(route->event, PQgetvalue(result, 0, 0), length, release_result,
                                       result, mirror->read_noticed_ns);
        report_news = route->inlined && !mirror->reported_document;
        mirror_read_done(mirror, &reading);
    }
    free(topic);
    free(snapshot);
    if (report_news)
        report_soon(&core->report); /* writers look there whether somebody reads inline */
}

static void on_read(struct pool_job *job, enum pool_outcome outcome, PGresult *result,
                    const char *sqlstate, const char *message)
{
    struct read *read = H2O_STRUCT_FROM_MEMBER(struct read, job, job);
    struct problem problem;

    if (outcome == POOL_OK) {
        read_arrived(read, result);
    } else if (outcome == POOL_AWAY) {
        problem_set(&problem, 503, "The database is away", NULL);
        mirror_read_failed(read->mirror, &problem, true);
    } else {
        log_warning("%s: %s: %s", read->call->key, sqlstate, message);
        problem_from_sqlstate(&problem, sqlstate, message, NULL);
        mirror_read_failed(read->mirror, &problem, false);
    }
    call_unref(read->call);
    free(read);
}

void core_read(struct mirror *mirror, bool somebody_waits)
{
    struct core *core = mirror->set->data;
    struct read *read = must_alloc(sizeof(*read));

    read->mirror = mirror;
    mirror->read = read;
    read->call = call_ref(mirror->call);
    snprintf(read->route_id, sizeof(read->route_id), "%d", read->call->route->id);
    read->job = (struct pool_job){
        .sql = "select document, topic, snapshot, milliseconds from crier.read($1, $2)",
        .value_count = 2,
        .values = {read->route_id, read->call->arguments},
        .snapshot = true,
        .repeatable = true,
        .urgent = somebody_waits,
        .done = on_read,
    };
    pool_submit(&core->pool, &read->job);
}

bool core_hasten_read(struct mirror *mirror)
{
    struct core *core = mirror->set->data;
    struct read *read = mirror->read;

    return pool_hasten(&core->pool, &read->job);
}
