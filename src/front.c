/* front.c -- see front.h. */
#include "front.h"

#include "client.h"
#include "head.h"
#include "host.h"
#include "metrics.h"
#include "origin.h"
#include "response.h"
#include "worker.h"

static int refuse(h2o_req_t *req, int status, const char *title, const char *detail)
{
    struct problem problem;

    problem_set(&problem, status, title, detail);
    response_problem(req, &problem);
    return 0;
}

/* Of HTTP/1 alone: what is unclear ends the connection, for nobody knows where the next request
 * begins. Returns 0 when the request has been refused. */
static int check_head(h2o_req_t *req)
{
    h2o_buffer_t *input = req->conn->callbacks->get_socket(req->conn)->input;
    size_t length = 0;
    const char *fault = head_fault(input->bytes, input->size, &length);

    /* A body may have been read in a way that the next reader would not: one request, one answer. */
    if (req->entity.base != NULL)
        req->http1_is_persistent = 0;
    if (fault != NULL) {
        req->http1_is_persistent = 0;
        client_misbehaved(visitor_of(req), PENALTY_BAD_REQUEST);
        return refuse(req, 400, "Bad request", fault);
    }
    if (length <= worker_of(req)->options->max_head)
        return -1;
    metric_add(METRIC_REFUSED_HEAD, 1);
    client_misbehaved(visitor_of(req), PENALTY_BAD_REQUEST);
    req->http1_is_persistent = 0;
    return refuse(req, 431, "The request's headers are too large", NULL);
}

static int on_req(h2o_handler_t *self, h2o_req_t *req)
{
    (void)self;
    /* It was told already that nothing is done; or the worker has drained, and nobody is left to tell it more. */
    if (visitor_of(req)->pace.cut || worker_of(req)->loop.stopped)
        return refuse(req, 503, "It came too late", NULL);
    visitor_asked(req);
    if (req->version < 0x200 && check_head(req) == 0)
        return 0;
    if (!host_is_served(worker_of(req)->options, req->authority)) {
        metric_add(METRIC_REFUSED_HOST, 1);
        return refuse(req, 421, "This is not a name of this relay", "It answers to those that --host names.");
    }
    if (client_requested(req) != 0)
        return refuse(req, 503, "Too many requests of this address", NULL);
    if (origin_check(req, worker_of(req)->options) == 0)
        return -1;
    metric_add(METRIC_REFUSED_ORIGIN, 1);
    return refuse(req, 403, "Pages of another site may not write here", NULL);
}

/* A request that was there when a drain began may be answered long after: it was the last one then. libh2o
 * looks only when a request comes, and whoever hears "keep-alive" sends the next, to nobody. */
static void on_setup_ostream(h2o_filter_t *self, h2o_req_t *req, h2o_ostream_t **slot)
{
    (void)self;
    if (req->conn->ctx->shutdown_requested)
        req->http1_is_persistent = 0;
    h2o_setup_next_ostream(req, slot);
}

void front_register(h2o_pathconf_t *path)
{
    h2o_create_handler(path, sizeof(h2o_handler_t))->on_req = on_req;
    h2o_create_filter(path, sizeof(h2o_filter_t))->on_setup_ostream = on_setup_ostream;
}
