/* plain.c -- see plain.h. */
#include "plain.h"

#include <string.h>

#include "buffer.h"
#include "linger.h"
#include "origin.h"
#include "problem.h"
#include "response.h"
#include "worker.h"

enum { TEXT_MAX = 1024 };

struct substitute {
    h2o_ostream_t super;
    h2o_iovec_t text;
};

/* Ours have a header that libh2o does not know. */
static bool is_libh2os(h2o_req_t *req)
{
    return req->res.status >= 400 &&
           h2o_find_header_by_str(&req->res.headers, H2O_STRLIT("x-content-type-options"), -1) == -1;
}

/* Its client is sending its body, or about to. */
static bool is_incomplete(const h2o_req_t *req)
{
    return req->version < 0x200 && req->timestamps.request_body_begin_at.tv_sec != 0 && req->entity.base == NULL;
}

static const char *title_of(int status)
{
    switch (status) {
    case 404:
        return "Not found";
    case 405:
        return "Method not allowed";
    case 413:
        return "The body is too large";
    case 416:
        return "There is no such range";
    case 417:
        return "That cannot be expected";
    default:
        return status < 500 ? "Bad request" : "The request failed";
    }
}

static void do_send(h2o_ostream_t *super, h2o_req_t *req, h2o_iovec_t *bufs, size_t count, h2o_send_state_t state)
{
    struct substitute *substitute = (struct substitute *)super;
    bool head = h2o_memis(req->method.base, req->method.len, H2O_STRLIT("HEAD"));

    (void)bufs;
    (void)count;
    /* libh2o sends an error at once, as a whole. */
    h2o_ostream_send_next(super, req, &substitute->text, head ? 0 : 1, state);
}

static void add(h2o_req_t *req, const char *name, const char *value)
{
    h2o_add_header_by_str(&req->pool, &req->res.headers, name, strlen(name), 1, NULL, value, strlen(value));
}

/* Keeps what belongs to the status: Allow, Content-Range. */
static void rewrite(h2o_req_t *req, h2o_ostream_t **slot)
{
    struct substitute *substitute = (struct substitute *)h2o_add_ostream(req, sizeof(*substitute), slot);
    ssize_t type = h2o_find_header(&req->res.headers, H2O_TOKEN_CONTENT_TYPE, -1);
    struct problem problem;
    struct buffer text;

    if (type != -1)
        h2o_delete_header(&req->res.headers, type);
    problem_set(&problem, req->res.status, title_of(req->res.status), NULL);
    buffer_init(&text, TEXT_MAX);
    problem_write(&problem, &text);
    substitute->super.do_send = do_send;
    substitute->text = h2o_strdup(&req->pool, text.bytes, text.length);
    req->res.content_length = text.length;
    buffer_dispose(&text);
    add(req, "content-type", "application/problem+json");
    add(req, "cache-control", "no-cache");
    add(req, "x-content-type-options", "nosniff");
    if (h2o_find_header_by_str(&req->res.headers, H2O_STRLIT("access-control-allow-origin"), -1) == -1)
        (void)origin_check(req, worker_of(req)->options); /* it is refused already */
}

static void on_setup_ostream(h2o_filter_t *self, h2o_req_t *req, h2o_ostream_t **slot)
{
    (void)self;
    if (is_libh2os(req)) {
        if (is_incomplete(req))
            linger_later(req);
        rewrite(req, slot);
        slot = &(*slot)->next;
    }
    h2o_setup_next_ostream(req, slot);
}

void plain_register(h2o_pathconf_t *path)
{
    h2o_create_filter(path, sizeof(h2o_filter_t))->on_setup_ostream = on_setup_ostream;
}
