/* router.c -- see router.h. */
#include "router.h"

#include <string.h>

#include "action.h"
#include "blob.h"
#include "document.h"
#include "metrics.h"
#include "negotiate.h"
#include "origin.h"
#include "response.h"
#include "worker.h"

enum { ALLOW_MAX = 256 };

/* A request that waits for the routes; in its pool, so that it unlinks itself when it ends. */
struct held {
    h2o_linklist_t link;
    struct timer timer;
    h2o_req_t *req;
};

static int answer_404(h2o_req_t *req)
{
    struct problem problem;

    if (worker_of(req)->routes == NULL)
        problem_set(&problem, 503, "The database is away", NULL);
    else
        problem_set(&problem, 404, "Not found", NULL);
    response_problem(req, &problem);
    return 0;
}

static int answer_400(h2o_req_t *req, const char *detail)
{
    struct problem problem;

    problem_set(&problem, 400, "Bad request", detail);
    response_problem(req, &problem);
    return 0;
}

static bool wants_stream(h2o_req_t *req)
{
    h2o_iovec_t accept = request_header(req, "accept");
    return accept.base != NULL && negotiate_stream(accept.base, accept.len);
}

static bool is_get(const h2o_req_t *req)
{
    return h2o_memis(req->method.base, req->method.len, H2O_STRLIT("GET"));
}

/* The id that the client has: of the header, or, where it cannot set one, of the query. */
static void find_seen(h2o_req_t *req, const struct path_query *query, char seen[FRAME_ID_LENGTH + 1])
{
    h2o_iovec_t id = request_header(req, "last-event-id");

    for (size_t i = 0; id.base == NULL && i < query->count; ++i) {
        if (strcmp(query->pair[i].name, "_last_event_id") == 0)
            id = h2o_iovec_init(query->pair[i].value, query->pair[i].value_length);
    }
    seen[0] = '\0';
    if (id.base != NULL && id.len == FRAME_ID_LENGTH && negotiate_is_event_id(id.base, id.len)) {
        memcpy(seen, id.base, id.len);
        seen[id.len] = '\0';
    }
}

static int serve_live(h2o_req_t *req, struct route *route, const struct path_segments *segments,
                      const size_t *values, const struct path_query *query)
{
    struct problem problem = {0};
    char seen[FRAME_ID_LENGTH + 1];
    struct call *call = call_create(route, segments, values, query, &problem);

    if (call == NULL) {
        response_problem(req, &problem);
        return 0;
    }
    find_seen(req, query, seen);
    if (is_get(req) && wants_stream(req))
        document_stream(req, call, seen);
    else
        document_get(req, call, wants_stream(req));
    call_unref(call);
    return 0;
}

/* What is called with its arguments, whether or not their spelling is canonical. */
static int serve_call(h2o_req_t *req, struct route *route, const struct path_segments *segments,
                      const size_t *values, const struct path_query *query,
                      void (*start)(h2o_req_t *, struct call *))
{
    struct problem problem = {0};
    struct call *call = call_create(route, segments, values, query, &problem);

    if (call == NULL)
        response_problem(req, &problem);
    else
        start(req, call);
    call_unref(call);
    return 0;
}

static void open_channel(h2o_req_t *req, struct call *call)
{
    struct buffer key;
    struct call *keyed;

    buffer_init(&key, CALL_MAX_ARGUMENTS + sizeof(CHANNEL_KEY_PREFIX));
    buffer_printf(&key, CHANNEL_KEY_PREFIX "%s", call->key);
    keyed = call_with_key(call, key.bytes);
    buffer_dispose(&key);
    stream_open(&worker_of(req)->streams, req, keyed, "");
    call_unref(keyed);
}

/* There is nothing but a stream: whoever accepts one gets it. */
static int serve_channel(h2o_req_t *req, struct route *route, const struct path_segments *segments,
                         const size_t *values, const struct path_query *query)
{
    h2o_iovec_t accept = request_header(req, "accept");
    struct problem problem = {0};
    struct call *call = call_create(route, segments, values, query, &problem);

    if (call == NULL) {
        response_problem(req, &problem);
    } else if (!negotiate_accepts_stream(accept.base, accept.len)) {
        problem_set(&problem, 406, "This is a stream of events",
                    "Ask for it with Accept: text/event-stream");
        response_problem(req, &problem);
    } else if (is_get(req)) {
        open_channel(req, call);
    } else {
        response_stream_head(req);
    }
    call_unref(call);
    return 0;
}

static int serve(h2o_req_t *req, struct route *route, const struct path_segments *segments,
                 const size_t *values, const struct path_query *query)
{
    switch (route->kind) {
    case ROUTE_LIVE:
        return serve_live(req, route, segments, values, query);
    case ROUTE_CHANNEL:
        return serve_channel(req, route, segments, values, query);
    case ROUTE_ACTION:
        return serve_call(req, route, segments, values, query, action_start);
    case ROUTE_BLOB:
        return serve_call(req, route, segments, values, query, blob_start);
    }
    return -1;
}

static int match(h2o_req_t *req, const struct path_segments *segments, h2o_iovec_t query_text)
{
    size_t values[PATH_MAX_SEGMENTS];
    struct buffer allow;
    struct path_query query;
    struct route *route;
    int result = -1;

    buffer_init(&allow, ALLOW_MAX);
    route = routes_match(worker_of(req)->routes, req->method.base, req->method.len, segments, values, &allow);
    if (route != NULL || allow.length != 0)
        metric_add(METRIC_REQUESTS, 1);
    if (route == NULL) {
        if (allow.length != 0) {
            if (origin_preflight(req, worker_of(req)->options, allow.bytes) != 0)
                response_not_allowed(req, allow.bytes);
            result = 0;
        }
    } else {
        if (path_query_parse(&query, query_text.base, query_text.len) != PATH_OK)
            result = answer_400(req, "The query is not valid UTF-8, or has more than 64 parameters");
        else
            result = serve(req, route, segments, values, &query);
        path_query_dispose(&query);
    }
    buffer_dispose(&allow);
    return result;
}

static void let_go(struct held *held)
{
    if (h2o_linklist_is_linked(&held->link))
        h2o_linklist_unlink(&held->link);
    timer_cancel(&worker_of(held->req)->loop.timers, &held->timer);
}

static void on_held_disposed(void *held)
{
    let_go(held);
}

static void on_held_for_long(struct timer *timer)
{
    struct held *held = H2O_STRUCT_FROM_MEMBER(struct held, timer, timer);

    let_go(held);
    stream_postpone(held->req);
}

static void hold(h2o_req_t *req)
{
    struct worker *worker = worker_of(req);
    struct held *held;

    if (worker->streams.draining) {
        stream_postpone(req);
        return;
    }
    held = h2o_mem_alloc_shared(&req->pool, sizeof(*held), on_held_disposed);
    *held = (struct held){.req = req, .timer = {.fire = on_held_for_long}};
    h2o_linklist_insert(&worker->held, &held->link);
    timer_set(&worker->loop.timers, &held->timer, worker->options->heartbeat_ms * NS_PER_MS);
}

static int route_request(h2o_req_t *req)
{
    size_t path_length = req->query_at == SIZE_MAX ? req->path.len : req->query_at;
    size_t prefix = strlen(worker_of(req)->options->prefix);
    h2o_iovec_t query = {NULL, 0};
    struct path_segments segments;
    enum path_error error;
    int result;

    if (req->query_at != SIZE_MAX)
        query = h2o_iovec_init(req->path.base + req->query_at + 1, req->path.len - req->query_at - 1);
    /* Below --prefix, spelled as it is: nobody has a reason to encode what needs none. */
    if (path_length <= prefix || memcmp(req->path.base, worker_of(req)->options->prefix, prefix) != 0 ||
        (prefix != 0 && req->path.base[prefix] != '/'))
        return -1;
    error = path_split(&segments, req->path.base + prefix, path_length - prefix);
    if (error == PATH_BAD) {
        result = answer_400(req, "The path is not valid UTF-8");
    } else if (error != PATH_OK) {
        result = -1;
    } else if (worker_of(req)->routes != NULL) {
        result = match(req, &segments, query);
    } else if (wants_stream(req) && is_get(req)) {
        hold(req);
        result = 0;
    } else {
        result = -1;
    }
    path_segments_dispose(&segments);
    return result;
}

static int on_req(h2o_handler_t *self, h2o_req_t *req)
{
    (void)self;
    return route_request(req);
}

static int on_last_req(h2o_handler_t *self, h2o_req_t *req)
{
    (void)self;
    return answer_404(req);
}

void router_register(h2o_pathconf_t *path)
{
    h2o_create_handler(path, sizeof(h2o_handler_t))->on_req = on_req;
}

void router_register_last(h2o_pathconf_t *path)
{
    h2o_create_handler(path, sizeof(h2o_handler_t))->on_req = on_last_req;
}

static struct held *first_held(struct worker *worker)
{
    return H2O_STRUCT_FROM_MEMBER(struct held, link, worker->held.next);
}

void router_release(struct worker *worker)
{
    while (!h2o_linklist_is_empty(&worker->held)) {
        struct held *held = first_held(worker);
        let_go(held);
        if (route_request(held->req) != 0)
            answer_404(held->req);
    }
}

void router_postpone(struct worker *worker)
{
    while (!h2o_linklist_is_empty(&worker->held))
        on_held_for_long(&first_held(worker)->timer);
}
