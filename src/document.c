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
};

static void on_request_disposed(void *arg)
{
    struct pending *pending = *(struct pending **)arg;

    if (pending != NULL) {
        pending->req = NULL;
        pending->holder = NULL;
    }
}

static void ask(struct ask *ask, struct worker *worker, struct call *call, void (*answered)(struct ask *))
{
    ask->worker = worker;
    ask->call = call_ref(call);
    ask->answered = answered;
    core_ask(worker->core, ask);
}

/* --- JSON ------------------------------------------------------------------------------------- */

static void on_document(struct ask *answered)
{
    struct pending *pending = H2O_STRUCT_FROM_MEMBER(struct pending, ask, answered);
    h2o_req_t *req = pending->req;

    --pending->ask.worker->asking;
    if (pending->holder != NULL)
        *pending->holder = NULL;
    if (req != NULL && pending->ask.frame == NULL) {
        response_problem(req, &pending->ask.problem);
    } else if (req != NULL && pending->stream_headers) {
        response_stream_head(req);
    } else if (req != NULL) {
        response_document(req, pending->ask.frame);
        pending->ask.frame = NULL;
    }
    frame_unref(pending->ask.frame);
    call_unref(pending->ask.call);
    free(pending);
}

void document_get(h2o_req_t *req, struct call *call, bool stream_headers)
{
    struct pending *pending = must_alloc(sizeof(*pending));

    pending->stream_headers = stream_headers;
    pending->req = req;
    pending->holder = h2o_mem_alloc_shared(&req->pool, sizeof(*pending->holder), on_request_disposed);
    *pending->holder = pending;
    ++worker_of(req)->asking;
    ask(&pending->ask, worker_of(req), call, on_document);
}

/* --- streams ---------------------------------------------------------------------------------- */

/* A stream's question for its key, which outlives the stream. */
static void on_key(struct ask *ask)
{
    struct stream *stream = ask->stream;

    if (stream != NULL && ask->problem.status != 0)
        stream_refuse(stream, &ask->problem);
    else if (stream != NULL)
        stream_found(stream, ask->call);
    call_unref(ask->call);
    free(ask);
}

void document_stream(h2o_req_t *req, struct call *call, const char *seen)
{
    struct worker *worker = worker_of(req);
    struct ask *question;

    if (call->key != NULL) {
        stream_open(&worker->streams, req, call, seen);
        return;
    }
    question = must_alloc(sizeof(*question));
    question->key_only = true;
    stream_await(&worker->streams, req, seen, &question->stream);
    if (question->stream != NULL)
        ask(question, worker, call, on_key);
    else
        free(question);
}
