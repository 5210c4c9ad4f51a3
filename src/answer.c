/* answer.c -- see answer.h. */
#include "answer.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "metrics.h"
#include "origin.h"
#include "response.h"
#include "worker.h"

enum { STATUS, HEAD, OCTETS }; /* the row's columns */

/* Keeps the result until the request is disposed of, whatever its end. */
struct held_result {
    h2o_generator_t generator;
    PGresult *result;
};

static void on_dispose(void *arg)
{
    PQclear(((struct held_result *)arg)->result);
}

int answer_is_value(const char *value, size_t length)
{
    for (size_t i = 0; i < length; ++i) {
        unsigned char c = (unsigned char)value[i];
        if (c < 0x20 || c == 0x7f)
            return 0;
    }
    return 1;
}

/* RFC 9110, 5.6.2, without upper-case letters. */
static bool is_name(const char *name, size_t length)
{
    for (size_t i = 0; i < length; ++i) {
        char c = name[i];
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c != '\0' && strchr("!#$%&'*+.^_`|~-", c))))
            return false;
    }
    return length != 0;
}

/* A function knows its routes, not the --prefix that they live under. */
static h2o_iovec_t with_prefix(h2o_req_t *req, const char *name, size_t name_length, h2o_iovec_t value)
{
    const char *prefix = worker_of(req)->options->prefix;
    bool is_path = value.len != 0 && value.base[0] == '/' && (value.len == 1 || value.base[1] != '/');

    if (!is_path || !h2o_memis(name, name_length, H2O_STRLIT("location")))
        return value;
    return h2o_concat(&req->pool, h2o_iovec_init(prefix, strlen(prefix)), value);
}

/* One line of the row's headers; the request's pool keeps a copy. */
static bool add_line(h2o_req_t *req, const char *line, size_t length)
{
    const char *colon = memchr(line, ':', length);
    size_t name_length = colon == NULL ? 0 : (size_t)(colon - line);
    h2o_iovec_t value;

    if (!is_name(line, name_length) || !answer_is_value(colon + 1, length - name_length - 1))
        return false;
    value = with_prefix(req, line, name_length, h2o_iovec_init(colon + 1, length - name_length - 1));
    response_header(req, h2o_strdup(&req->pool, line, name_length).base, name_length, value.base, value.len);
    return true;
}

static bool add_head(h2o_req_t *req, const char *head, size_t length)
{
    for (const char *end = head + length, *stop; head < end; head = stop + 1) {
        stop = memchr(head, '\n', (size_t)(end - head));
        if (stop == NULL)
            stop = end;
        if (!add_line(req, head, (size_t)(stop - head)))
            return false;
    }
    return true;
}

static void refuse(h2o_req_t *req)
{
    struct problem problem;

    log_error("an answer of the database has a status or header that cannot be sent");
    metric_answer(METRIC_ACTION_2XX, 500);
    memset(&req->res.headers, 0, sizeof(req->res.headers));
    (void)origin_check(req, worker_of(req)->options); /* they went with the others */
    problem_set(&problem, 500, "The function of this route failed", NULL);
    response_problem(req, &problem);
}

void answer_send(h2o_req_t *req, PGresult *result)
{
    struct held_result *held = h2o_mem_alloc_shared(&req->pool, sizeof(*held), on_dispose);
    int status = atoi(PQgetvalue(result, 0, STATUS));
    bool empty = status == 204 || status == 205 || status == 304;
    h2o_iovec_t octets = h2o_iovec_init(PQgetvalue(result, 0, OCTETS), (size_t)PQgetlength(result, 0, OCTETS));

    memset(held, 0, sizeof(*held));
    held->result = result;
    if (status < 200 || status > 599 ||
        !add_head(req, PQgetvalue(result, 0, HEAD), (size_t)PQgetlength(result, 0, HEAD))) {
        refuse(req);
        return;
    }
    metric_answer(METRIC_ACTION_2XX, status);
    response_set_status(req, status);
    response_header(req, H2O_STRLIT("x-content-type-options"), H2O_STRLIT("nosniff"));
    if (empty)
        octets.len = 0;
    if (status != 204 && status != 304)
        req->res.content_length = octets.len;
    h2o_start_response(req, &held->generator);
    h2o_send(req, &octets, octets.len != 0, H2O_SEND_STATE_FINAL);
}
