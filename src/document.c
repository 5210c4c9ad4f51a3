/* document.c -- see document.h. */
#include "document.h"

#include <stdlib.h>
#include <string.h>

#include "response.h"
#include "worker.h"

/* A request whose answer is with the core. It outlives its request: when that ends first, the
 * answer finds nobody and is dropped. */
struct pending {
    struct ask ask;
    h2o_req_t *req;           /* NULL once the request is gone */
    struct pending **holder;  /* in the request's pool, points back here; NULL once it is gone */
    bool stream_headers;
    char seen[FRAME_ID_LENGTH + 1];
};

static void on_request_disposed(void *arg)
{
    struct pending *pending = *(struct pending **)arg;

    if (pending != NULL) {
        pending->req = NULL;
        pending->holder = NULL;
    }
}

static void ask(h2o_req_t *req, struct call *call, bool key_only, struct pending *pending,
                void (*answered)(struct ask *))
{
    struct worker *worker = worker_of(req);

    pending->req = req;
    pending->holder = h2o_mem_alloc_shared(&req->pool, sizeof(*pending->holder), on_request_disposed);
    *pending->holder = pending;
    pending->ask.worker = worker;
    pending->ask.call = call_ref(call);
    pending->ask.key_only = key_only;
    pending->ask.answered = answered;
    ++worker->asking;
    core_ask(worker->core, &pending->ask);
}

/* Takes the answer apart; returns the request, or NULL when it is gone. */
static h2o_req_t *settle(struct pending *pending)
{
    --pending->ask.worker->asking;
    if (pending->holder != NULL)
        *pending->holder = NULL;
    return pending->req;
}

static void dispose(struct pending *pending)
{
    frame_unref(pending->ask.frame);
    call_unref(pending->ask.call);
    free(pending);
}

static void on_document(struct ask *answered)
{
    struct pending *pending = H2O_STRUCT_FROM_MEMBER(struct pending, ask, answered);
    h2o_req_t *req = settle(pending);

    if (req != NULL && pending->ask.frame == NULL) {
        response_problem(req, &pending->ask.problem);
    } else if (req != NULL && pending->stream_headers) {
        response_stream_head(req);
    } else if (req != NULL) {
        response_document(req, pending->ask.frame);
        pending->ask.frame = NULL;
    }
    dispose(pending);
}

static void on_key(struct ask *answered)
{
    struct pending *pending = H2O_STRUCT_FROM_MEMBER(struct pending, ask, answered);
    struct worker *worker = pending->ask.worker;
    h2o_req_t *req = settle(pending);

    if (req != NULL && pending->ask.problem.status != 0)
        response_problem(req, &pending->ask.problem);
    else if (req != NULL)
        stream_open(&worker->streams, req, pending->ask.call, pending->seen);
    dispose(pending);
}

void document_get(h2o_req_t *req, struct call *call, bool stream_headers)
{
    struct pending *pending = must_alloc(sizeof(*pending));

    pending->stream_headers = stream_headers;
    ask(req, call, false, pending, on_document);
}

void document_stream(h2o_req_t *req, struct call *call, const char *seen)
{
    struct pending *pending;

    if (call->key != NULL) {
        stream_open(&worker_of(req)->streams, req, call, seen);
        return;
    }
    pending = must_alloc(sizeof(*pending));
    strcpy(pending->seen, seen);
    ask(req, call, true, pending, on_key);
}
