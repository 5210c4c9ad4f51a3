/* response.c -- see response.h. */
#include "response.h"

#include <stdio.h>
#include <string.h>

#include "negotiate.h"

enum { PROBLEM_MAX = 8192 };

static const char *reason_of(int status)
{
    static const struct {
        int status;
        const char *reason;
    } table[] = {
        {200, "OK"}, {201, "Created"}, {202, "Accepted"}, {204, "No Content"}, {206, "Partial Content"},
        {301, "Moved Permanently"}, {302, "Found"}, {303, "See Other"}, {304, "Not Modified"},
        {307, "Temporary Redirect"}, {308, "Permanent Redirect"}, {400, "Bad Request"},
        {401, "Unauthorized"}, {402, "Payment Required"}, {403, "Forbidden"}, {404, "Not Found"},
        {405, "Method Not Allowed"}, {406, "Not Acceptable"},
        {409, "Conflict"}, {410, "Gone"}, {412, "Precondition Failed"},
        {413, "Content Too Large"}, {414, "URI Too Long"}, {415, "Unsupported Media Type"},
        {416, "Range Not Satisfiable"}, {421, "Misdirected Request"}, {422, "Unprocessable Content"},
        {429, "Too Many Requests"}, {431, "Request Header Fields Too Large"}, {500, "Internal Server Error"},
        {503, "Service Unavailable"},
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(*table); ++i) {
        if (table[i].status == status)
            return table[i].reason;
    }
    return status < 400 ? "Done" : status < 500 ? "Request Error" : "Server Error";
}

static void header(h2o_req_t *req, const char *name, const char *value, size_t length)
{
    h2o_add_header_by_str(&req->pool, &req->res.headers, name, strlen(name), 1, NULL, value, length);
}

void response_header(h2o_req_t *req, const char *name, size_t name_length, const char *value, size_t length)
{
    h2o_iovec_t copy = h2o_strdup(&req->pool, value, length);
    h2o_add_header_by_str(&req->pool, &req->res.headers, name, name_length, 1, NULL, copy.base, copy.len);
}

/* The value is copied. */
static void header_copy(h2o_req_t *req, const char *name, const char *value)
{
    h2o_iovec_t copy = h2o_strdup(&req->pool, value, strlen(value));
    header(req, name, copy.base, copy.len);
}

#define HEADER(req, name, value) header(req, name, H2O_STRLIT(value))

void response_set_status(h2o_req_t *req, int status)
{
    req->res.status = status;
    req->res.reason = reason_of(status);
}

h2o_iovec_t request_header(h2o_req_t *req, const char *name)
{
    ssize_t i = h2o_find_header_by_str(&req->headers, name, strlen(name), -1);
    h2o_iovec_t value = {NULL, 0};

    for (; i != -1; i = h2o_find_header_by_str(&req->headers, name, strlen(name), i)) {
        h2o_iovec_t field = req->headers.entries[i].value;
        value = value.base == NULL ? field
                                   : h2o_concat(&req->pool, value, h2o_iovec_init(H2O_STRLIT(", ")), field);
    }
    return value;
}

static bool is_head(const h2o_req_t *req)
{
    return h2o_memis(req->method.base, req->method.len, H2O_STRLIT("HEAD"));
}

/* --- documents ------------------------------------------------------------------------------- */

/* Keeps a frame until the request is disposed of, whatever its end (libh2o's `stop` is not a
 * destructor; a shared chunk of the pool is). */
struct held_frame {
    h2o_generator_t generator;
    struct frame *frame;
};

static void on_dispose(void *arg)
{
    frame_unref(((struct held_frame *)arg)->frame);
}

void response_document(h2o_req_t *req, struct frame *frame)
{
    struct held_frame *held = h2o_mem_alloc_shared(&req->pool, sizeof(*held), on_dispose);
    h2o_iovec_t if_none_match = request_header(req, "if-none-match");
    char etag[FRAME_ID_LENGTH + 3];
    h2o_iovec_t body;

    memset(held, 0, sizeof(*held));
    held->frame = frame;
    body.base = (char *)frame_json(frame, &body.len);
    snprintf(etag, sizeof(etag), "\"%s\"", frame_id(frame));
    header_copy(req, "etag", etag);
    HEADER(req, "vary", "Accept");
    HEADER(req, "cache-control", "no-cache");
    HEADER(req, "content-type", "application/json");
    HEADER(req, "x-content-type-options", "nosniff");
    req->res.content_length = body.len; /* of the 200, also with 304 and HEAD (RFC 9110, 8.6) */
    if (if_none_match.base != NULL &&
        negotiate_none_match(if_none_match.base, if_none_match.len, frame_id(frame))) {
        response_set_status(req, 304);
        body.len = 0;
    } else {
        response_set_status(req, 200);
        if (is_head(req))
            body.len = 0;
    }
    h2o_start_response(req, &held->generator);
    h2o_send(req, &body, body.len != 0, H2O_SEND_STATE_FINAL);
}

/* --- problems and texts ---------------------------------------------------------------------- */

void response_text(h2o_req_t *req, int status, const char *type, const char *text, size_t length)
{
    response_set_status(req, status);
    header_copy(req, "content-type", type);
    req->res.content_length = length; /* without it libh2o would close the connection after a 404 */
    h2o_send_inline(req, text, length);
}

void response_problem(h2o_req_t *req, const struct problem *problem)
{
    struct buffer body;

    buffer_init(&body, PROBLEM_MAX);
    problem_write(problem, &body);
    HEADER(req, "vary", "Accept");
    HEADER(req, "cache-control", "no-cache");
    HEADER(req, "x-content-type-options", "nosniff");
    if (problem->status == 503 && !problem->in_doubt)
        HEADER(req, "retry-after", "1");
    response_text(req, problem->status, "application/problem+json", body.bytes, body.length);
    buffer_dispose(&body);
}

void response_not_allowed(h2o_req_t *req, const char *allow)
{
    struct problem problem;

    header_copy(req, "allow", allow);
    problem_set(&problem, 405, "Method not allowed", NULL);
    response_problem(req, &problem);
}

void response_stream_headers(h2o_req_t *req)
{
    HEADER(req, "content-type", "text/event-stream");
    HEADER(req, "cache-control", "no-cache, no-transform");
    HEADER(req, "vary", "Accept");
    HEADER(req, "x-accel-buffering", "no");
    HEADER(req, "x-content-type-options", "nosniff");
}

void response_stream_head(h2o_req_t *req)
{
    response_stream_headers(req);
    response_set_status(req, 200);
    h2o_send_inline(req, "", 0);
}
