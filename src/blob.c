/* blob.c -- see blob.h. */
#include "blob.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "log.h"
#include "metrics.h"
#include "negotiate.h"
#include "query.h"
#include "range.h"
#include "response.h"
#include "worker.h"

/* It lives until its request is gone and no query is in flight. */
struct blob {
    h2o_generator_t generator;
    struct query query;
    bool asking;            /* the query is in flight */
    h2o_req_t *req;         /* NULL once the request is gone */
    struct call *call;
    PGresult *window;       /* whose octets are being written; NULL between two */
    char *hashes;           /* of all windows; NULL where the ETag tells */
    char *type, *cache;
    char etag[BLOB_ETAG + 1];
    uint64_t length;
    uint64_t next, last;    /* the octets that are still to be sent, last one included */
    int status;             /* 200 or 206 */
    bool started;           /* the head is out */
    unsigned tries;
    /* The query's values. */
    char route_id[16], number[16], length_text[16];
};

enum { LENGTH, TYPE, CACHE, ETAG, HASHES, PIECE }; /* columns of the head */

static void read_head(struct blob *blob);
static void read_window(struct blob *blob);

static void forget(struct blob *blob)
{
    PQclear(blob->window);
    free(blob->hashes);
    free(blob->type);
    free(blob->cache);
    blob->window = NULL;
    blob->hashes = blob->type = blob->cache = NULL;
}

static void release(struct blob *blob)
{
    if (blob->req != NULL || blob->asking)
        return;
    forget(blob);
    call_unref(blob->call);
    free(blob);
}

static void on_request_disposed(void *arg)
{
    struct blob *blob = *(struct blob **)arg;

    blob->req = NULL;
    release(blob);
}

static bool is_head(const h2o_req_t *req)
{
    return h2o_memis(req->method.base, req->method.len, H2O_STRLIT("HEAD"));
}

/* --- answers without a body, and failures ------------------------------------------------------ */

static void refuse(struct blob *blob, const struct problem *problem)
{
    metric_answer(METRIC_BLOB_2XX, problem->status);
    response_problem(blob->req, problem);
}

/* What the database said is no answer. */
static void fail(struct blob *blob)
{
    const struct query *query = &blob->query;
    struct problem problem;

    if (query->outcome == POOL_AWAY)
        problem_set(&problem, 503, "The database is away", NULL);
    else
        problem_from_sqlstate(&problem, query->sqlstate, query->reason, query->detail);
    if (problem.status >= 500)
        log_warning("%s: %s: %s", blob->call->route->path, query->sqlstate, query->reason);
    refuse(blob, &problem);
}

static void refuse_range(struct blob *blob)
{
    struct problem problem;
    char range[40];
    int length = snprintf(range, sizeof(range), "bytes */%llu", (unsigned long long)blob->length);

    response_header(blob->req, H2O_STRLIT("content-range"), range, (size_t)length);
    problem_set(&problem, 416, "Range not satisfiable", NULL);
    refuse(blob, &problem);
}

static void add_head(struct blob *blob)
{
    h2o_req_t *req = blob->req;
    char quoted[BLOB_ETAG + 3];

    snprintf(quoted, sizeof(quoted), "\"%s\"", blob->etag);
    response_header(req, H2O_STRLIT("etag"), quoted, strlen(quoted));
    response_header(req, H2O_STRLIT("cache-control"), blob->cache, strlen(blob->cache));
    response_header(req, H2O_STRLIT("accept-ranges"), H2O_STRLIT("bytes"));
    response_header(req, H2O_STRLIT("x-content-type-options"), H2O_STRLIT("nosniff"));
    /* Whatever somebody uploaded: as a page of its own it runs nothing. */
    response_header(req, H2O_STRLIT("content-security-policy"), H2O_STRLIT("sandbox"));
}

static void start(struct blob *blob, int status)
{
    metric_answer(METRIC_BLOB_2XX, status);
    response_set_status(blob->req, status);
    add_head(blob);
    if (status != 304) {
        response_header(blob->req, H2O_STRLIT("content-type"), blob->type, strlen(blob->type));
        blob->req->res.content_length = blob->length == 0 ? 0 : blob->last - blob->next + 1;
    }
    if (status == 206) {
        char range[80];
        int length = snprintf(range, sizeof(range), "bytes %llu-%llu/%llu", (unsigned long long)blob->next,
                              (unsigned long long)blob->last, (unsigned long long)blob->length);
        response_header(blob->req, H2O_STRLIT("content-range"), range, (size_t)length);
    }
    blob->started = true;
    h2o_start_response(blob->req, &blob->generator);
}

static void send_head_alone(struct blob *blob, int status)
{
    start(blob, status);
    h2o_send(blob->req, NULL, 0, H2O_SEND_STATE_FINAL);
}

/* --- windows ----------------------------------------------------------------------------------- */

/* Sends what is wanted of the window that blob->next is in. The blob may be gone afterwards. */
static void send_window(struct blob *blob, PGresult *result, int column)
{
    size_t skip = blob->next % BLOB_WINDOW;
    uint64_t rest = blob->last - blob->next + 1;
    h2o_iovec_t octets = h2o_iovec_init(PQgetvalue(result, 0, column) + skip, BLOB_WINDOW - skip);

    if (octets.len > rest)
        octets.len = rest;
    if (!blob->started)
        start(blob, blob->status);
    blob->window = result;
    blob->next += octets.len;
    h2o_send(blob->req, &octets, 1,
             blob->next > blob->last ? H2O_SEND_STATE_FINAL : H2O_SEND_STATE_IN_PROGRESS);
}

static void on_proceed(h2o_generator_t *generator, h2o_req_t *req)
{
    struct blob *blob = H2O_STRUCT_FROM_MEMBER(struct blob, generator, generator);

    (void)req;
    PQclear(blob->window);
    blob->window = NULL;
    read_window(blob);
}

/* How long the window is that blob->next is in. */
static uint64_t window_length(const struct blob *blob)
{
    uint64_t begin = blob->next - blob->next % BLOB_WINDOW;
    return blob->length - begin < BLOB_WINDOW ? blob->length - begin : BLOB_WINDOW;
}

/* It is another blob by now, or the database is away. */
static void give_up(struct blob *blob)
{
    struct problem problem;

    if (blob->started) {
        log_warning("%s: a transfer was ended: %s", blob->call->route->path,
                    blob->query.outcome == POOL_OK ? "the blob has changed" : blob->query.reason);
        h2o_send(blob->req, NULL, 0, H2O_SEND_STATE_ERROR);
    } else if (blob->query.outcome != POOL_OK) {
        fail(blob);
    } else if (++blob->tries < BLOB_TRIES) {
        forget(blob);
        read_head(blob);
    } else {
        problem_set(&problem, 503, "It changes all the time", NULL);
        refuse(blob, &problem);
    }
}

static void on_window(struct query *query)
{
    struct blob *blob = H2O_STRUCT_FROM_MEMBER(struct blob, query, query);
    PGresult *result = query->result;

    blob->asking = false;
    query->result = NULL;
    if (blob->req != NULL && query->outcome == POOL_OK &&
        (uint64_t)PQgetlength(result, 0, 0) == window_length(blob)) {
        send_window(blob, result, 0);
        return;
    }
    PQclear(result);
    if (blob->req != NULL)
        give_up(blob);
    else
        release(blob);
}

static void ask(struct blob *blob, void (*done)(struct query *))
{
    blob->asking = true;
    blob->query.done = done;
    query_run(&blob->query, worker_of(blob->req));
}

static void read_window(struct blob *blob)
{
    uint64_t number = blob->next / BLOB_WINDOW;

    metric_add(METRIC_WINDOWS, 1);
    snprintf(blob->number, sizeof(blob->number), "%llu", (unsigned long long)number);
    snprintf(blob->length_text, sizeof(blob->length_text), "%llu", (unsigned long long)blob->length);
    blob->query.job = (struct pool_job){
        .sql = "select crier.blob_window($1, $2, $3, $4, $5, $6)",
        .value_count = 6,
        .values = {blob->route_id, blob->call->arguments, blob->number, blob->length_text, blob->etag,
                   blob->hashes == NULL ? NULL : blob->hashes + number * BLOB_HASH},
        .lengths = {0, 0, 0, 0, 0, BLOB_HASH},
        .formats = {0, 0, 0, 0, 0, 1},
        .result_format = 1,
        .snapshot = true,
        .repeatable = true,
        .bulk = true,
    };
    ask(blob, on_window);
}

/* --- the beginning ------------------------------------------------------------------------------- */

static char *text_of(const PGresult *result, int column)
{
    return must_strndup(PQgetvalue(result, 0, column), (size_t)PQgetlength(result, 0, column));
}

/* Copies what is to be kept; false when it is not what it must be. */
static bool take_head(struct blob *blob, const PGresult *result)
{
    uint64_t windows;

    blob->length = strtoull(PQgetvalue(result, 0, LENGTH), NULL, 10);
    blob->type = text_of(result, TYPE);
    blob->cache = text_of(result, CACHE);
    snprintf(blob->etag, sizeof(blob->etag), "%s", PQgetvalue(result, 0, ETAG));
    windows = (blob->length + BLOB_WINDOW - 1) / BLOB_WINDOW;
    if (!PQgetisnull(result, 0, HASHES)) {
        if ((uint64_t)PQgetlength(result, 0, HASHES) < windows * BLOB_HASH)
            return false;
        blob->hashes = must_strndup(PQgetvalue(result, 0, HASHES), windows * BLOB_HASH);
    }
    return answer_is_value(blob->type, strlen(blob->type)) && answer_is_value(blob->cache, strlen(blob->cache)) &&
           strlen(blob->etag) == BLOB_ETAG;
}

/* Whether the client has it already. */
static bool is_known(struct blob *blob)
{
    h2o_iovec_t known = request_header(blob->req, "if-none-match");
    return known.base != NULL && negotiate_none_match(known.base, known.len, blob->etag);
}

static enum range_kind find_range(struct blob *blob)
{
    h2o_iovec_t range = request_header(blob->req, "range");
    h2o_iovec_t condition = request_header(blob->req, "if-range");

    blob->next = 0;
    blob->last = blob->length - 1;
    if (range.base == NULL || is_head(blob->req) ||
        (condition.base != NULL && !range_if(condition.base, condition.len, blob->etag)))
        return RANGE_WHOLE;
    return range_of(range.base, range.len, blob->length, &blob->next, &blob->last);
}

/* Sends the first window, which came along if it was the one that was guessed. Takes the result. */
static void begin(struct blob *blob, PGresult *result)
{
    uint64_t guessed = strtoull(blob->number, NULL, 10);

    if (!PQgetisnull(result, 0, PIECE) && guessed == blob->next / BLOB_WINDOW &&
        (uint64_t)PQgetlength(result, 0, PIECE) == window_length(blob)) {
        send_window(blob, result, PIECE);
    } else {
        PQclear(result);
        read_window(blob);
    }
}

static void answer(struct blob *blob, PGresult *result)
{
    enum range_kind range;

    if (!take_head(blob, result)) {
        struct problem problem;
        PQclear(result);
        log_error("%s: what crier.blob_head said makes no sense", blob->call->route->path);
        problem_set(&problem, 500, "The function of this route failed", NULL);
        refuse(blob, &problem);
        return;
    }
    range = find_range(blob);
    blob->status = range == RANGE_ONE ? 206 : 200;
    if (is_known(blob) || range == RANGE_UNSATISFIABLE || is_head(blob->req) || blob->length == 0) {
        PQclear(result);
        if (is_known(blob))
            send_head_alone(blob, 304);
        else if (range == RANGE_UNSATISFIABLE)
            refuse_range(blob);
        else
            send_head_alone(blob, 200);
    } else {
        begin(blob, result);
    }
}

static void on_head(struct query *query)
{
    struct blob *blob = H2O_STRUCT_FROM_MEMBER(struct blob, query, query);
    PGresult *result = query->result;

    blob->asking = false;
    query->result = NULL;
    if (blob->req != NULL && query->outcome == POOL_OK) {
        answer(blob, result);
        return;
    }
    PQclear(result);
    if (blob->req != NULL)
        fail(blob);
    else
        release(blob);
}

/* The window that is to be sent first, as far as the request tells; -1 when none may be needed. */
static int64_t guess_window(h2o_req_t *req)
{
    h2o_iovec_t range = request_header(req, "range");
    uint64_t first = 0, last;

    if (is_head(req) || request_header(req, "if-none-match").base != NULL)
        return -1;
    if (range.base != NULL)
        range_of(range.base, range.len, INT32_MAX, &first, &last);
    return (int64_t)(first / BLOB_WINDOW);
}

static void read_head(struct blob *blob)
{
    int64_t number = guess_window(blob->req);

    snprintf(blob->number, sizeof(blob->number), "%lld", (long long)number);
    blob->query.job = (struct pool_job){
        .sql = "select length::text, type, cache, etag, hashes, piece from crier.blob_head($1, $2, $3)",
        .value_count = 3,
        .values = {blob->route_id, blob->call->arguments, number < 0 ? NULL : blob->number},
        .result_format = 1,
        .snapshot = true,
        .repeatable = true,
        .bulk = true,
    };
    ask(blob, on_head);
}

void blob_start(h2o_req_t *req, struct call *call)
{
    struct blob *blob = must_alloc(sizeof(*blob));
    struct blob **holder = h2o_mem_alloc_shared(&req->pool, sizeof(*holder), on_request_disposed);

    *holder = blob;
    blob->generator.proceed = on_proceed;
    blob->req = req;
    blob->call = call_ref(call);
    snprintf(blob->route_id, sizeof(blob->route_id), "%d", call->route->id);
    read_head(blob);
}
