/* admin.c -- see admin.h.
 *
 * healthz: the process lives and its loop turns. readyz: it listens to the database, knows its
 * routes and can read; 503 otherwise, so that a load balancer may look elsewhere while open
 * streams stay. metrics: Prometheus' text format.
 */
#include "admin.h"

#include "core.h"
#include "door.h"
#include "metrics.h"
#include "response.h"

enum { METRICS_MAX = 65536 };

static void send_metrics(h2o_req_t *req)
{
    struct buffer b;

    buffer_init(&b, METRICS_MAX);
    metrics_write(&b);
    response_text(req, 200, "text/plain; version=0.0.4; charset=utf-8", b.bytes, b.length);
    buffer_dispose(&b);
}

static int on_req(h2o_handler_t *self, h2o_req_t *req)
{
    const h2o_iovec_t path = req->path_normalized;

    (void)self;
    visitor_asked(req);
    if (h2o_memis(path.base, path.len, H2O_STRLIT("/healthz")))
        response_text(req, 200, "text/plain", H2O_STRLIT("ok\n"));
    else if (h2o_memis(path.base, path.len, H2O_STRLIT("/readyz")) && core_is_ready())
        response_text(req, 200, "text/plain", H2O_STRLIT("ready\n"));
    else if (h2o_memis(path.base, path.len, H2O_STRLIT("/readyz")))
        response_text(req, 503, "text/plain", H2O_STRLIT("not ready\n"));
    else if (h2o_memis(path.base, path.len, H2O_STRLIT("/metrics")))
        send_metrics(req);
    else
        response_text(req, 404, "text/plain", H2O_STRLIT("/healthz, /readyz, /metrics\n"));
    return 0;
}

void admin_register(h2o_pathconf_t *path)
{
    h2o_create_handler(path, sizeof(h2o_handler_t))->on_req = on_req;
}
