/* http2_request.c -- see http2.h: a request and its response, as libh2o sees them.
 *
 * A request is collected field by field in its own pool. Limits are looked at before anything is kept:
 * once a header block is too large, or a body, nothing more of it is stored, and the rest is only
 * passed through libnghttp2 so that HPACK and windows stay in step. The handler runs when the request
 * is whole, and not from within libnghttp2: one that is reset in the same read never reaches it.
 */
#include "http2_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bodies.h"
#include "buffer.h"
#include "problem.h"
#include "response.h"

enum {
    MAX_FIELDS = 100,
    BOMB = 4,                    /* times --max-head: what decompresses to that much ends the connection */
    FIELD_OVERHEAD = 32,         /* octets that a field counts beyond its own (RFC 9113, 6.5.2) */
    BODY_FIRST = 16384,          /* octets that a body gets at first; then it doubles */
    CONNECTION_BODIES = 2,       /* bodies of the largest size that one connection may fill */
    DISCARD_MAX = 4 << 20,       /* octets of a refused body that are taken before the stream is reset */
    STATUS_DIGITS = 3,
    STARTS = 128,                /* handlers of one connection that run in one turn of the loop. With fewer, the
                                  * streams of all connections lie mixed in memory: a broadcast costs half more */
};

/* The response's last stage: from here it goes into frames. */
struct last_stage {
    h2o_ostream_t super;
    struct http2_request *request;
};

struct http2_request {
    h2o_req_t req;
    struct last_stage last;
    struct http2_stream *stream;
    h2o_linklist_t retired;      /* in http2->retired */
    size_t head_octets;
    bool expects_continue;
    int refusal;                 /* the status that will be answered instead; 0: none */
    h2o_iovec_t cookie;
    size_t content_length;       /* SIZE_MAX: not told */
    uint8_t *body;
    size_t body_length, body_capacity;
    size_t received;             /* octets of the body, also those that were not kept */
    bool answered;               /* the handler has begun */
};

struct http2_stream *http2_stream_of(h2o_req_t *req)
{
    return req->version == 0x200 ? H2O_STRUCT_FROM_MEMBER(struct http2_request, req, req)->stream : NULL;
}

size_t http2_request_received(const struct http2_request *request)
{
    return request->received;
}

/* --- receiving --------------------------------------------------------------------------------------- */

static void do_send(h2o_ostream_t *self, h2o_req_t *req, h2o_iovec_t *bufs, size_t count,
                    h2o_send_state_t state);
static void on_written(struct http2_stream *stream, void *data, uint64_t now_ns);
static void on_closed(struct http2_stream *stream, void *data);
static const struct http2_feeder feeder = {on_written, on_closed};

struct http2_request *http2_request_create(struct http2_stream *stream)
{
    struct http2_connection *connection = stream->connection;
    struct http2_request *request = must_alloc(sizeof(*request));
    h2o_req_t *req = &request->req;

    h2o_init_request(req, &connection->super, NULL);
    req->version = 0x200;
    req->input.scheme = connection->socket->ssl != NULL ? &H2O_URL_SCHEME_HTTPS : &H2O_URL_SCHEME_HTTP;
    request->last.super.do_send = do_send;
    request->last.request = request;
    req->_ostr_top = &request->last.super;
    request->stream = stream;
    request->content_length = SIZE_MAX;
    stream->feeder = &feeder;
    stream->data = request;
    stream->deadline_ns = stream->opened_ns + connection->http2->options->head_time_ms * NS_PER_MS;
    return request;
}

static void give_body_back(struct http2_request *request)
{
    bodies_give(request->body_capacity);
    request->stream->connection->body_octets -= request->body_capacity;
    free(request->body);
    request->body = NULL;
    request->body_length = request->body_capacity = 0;
}

static void refuse(struct http2_request *request, int status, enum metric why)
{
    if (request->refusal == 0)
        metric_add(why, 1);
    request->refusal = status;
    give_body_back(request);
}

static bool is_name(const uint8_t *name, size_t length, const char *wanted, size_t wanted_length)
{
    return length == wanted_length && memcmp(name, wanted, length) == 0;
}

static void set_pseudo(h2o_req_t *req, const uint8_t *name, size_t length, h2o_iovec_t value)
{
    if (is_name(name, length, H2O_STRLIT(":method")))
        req->input.method = value;
    else if (is_name(name, length, H2O_STRLIT(":path")))
        req->input.path = value;
    else if (is_name(name, length, H2O_STRLIT(":authority")))
        req->input.authority = value;
}

/* Browsers split cookies into several fields (RFC 9113, 8.2.3). */
static void add_cookie(struct http2_request *request, h2o_iovec_t value)
{
    if (request->cookie.base == NULL)
        request->cookie = value;
    else
        request->cookie = h2o_concat(&request->req.pool, request->cookie,
                                     h2o_iovec_init(H2O_STRLIT("; ")), value);
}

static void add_field(struct http2_request *request, const char *name, size_t length, h2o_iovec_t value)
{
    h2o_req_t *req = &request->req;
    const h2o_token_t *token = h2o_lookup_token(name, length);

    if (token == H2O_TOKEN_COOKIE) {
        add_cookie(request, value);
    } else if (token == H2O_TOKEN_HOST) {
        if (req->input.authority.base == NULL)
            req->input.authority = value;
    } else if (token == H2O_TOKEN_CONTENT_LENGTH) {
        request->content_length = h2o_strtosize(value.base, value.len);
    } else if (token == H2O_TOKEN_EXPECT) {
        request->expects_continue = h2o_lcstris(value.base, value.len, H2O_STRLIT("100-continue"));
    } else if (token != NULL) {
        h2o_add_header(&req->pool, &req->headers, token, NULL, value.base, value.len);
    } else {
        h2o_iovec_t copy = h2o_strdup(&req->pool, name, length);
        h2o_add_header_by_str(&req->pool, &req->headers, copy.base, copy.len, 0, NULL, value.base, value.len);
    }
}

bool http2_request_field(struct http2_request *request, const uint8_t *name, size_t name_length,
                         const uint8_t *value, size_t value_length)
{
    struct http2_connection *connection = request->stream->connection;
    const struct options *options = connection->http2->options;
    h2o_iovec_t copy;

    request->head_octets += name_length + value_length + FIELD_OVERHEAD;
    if (request->head_octets > BOMB * options->max_head) {
        http2_terminate(connection, NGHTTP2_ENHANCE_YOUR_CALM, METRIC_HTTP2_ENDED_FLOOD);
        return false;
    }
    if (request->stream->phase != HTTP2_HEAD)
        return true; /* trailers: nobody asks for them */
    if (request->head_octets > options->max_head || request->req.headers.size >= MAX_FIELDS)
        refuse(request, 431, METRIC_HTTP2_REFUSED_HEAD);
    if (request->refusal != 0)
        return true;
    copy = h2o_strdup(&request->req.pool, (const char *)value, value_length);
    if (name_length != 0 && name[0] == ':')
        set_pseudo(&request->req, name, name_length, copy);
    else
        add_field(request, (const char *)name, name_length, copy);
    return true;
}

static void answer(struct http2_request *request);

void http2_request_headers(struct http2_request *request)
{
    struct http2_stream *stream = request->stream;
    struct http2_connection *connection = stream->connection;
    static const nghttp2_nv go_on = {(uint8_t *)":status", (uint8_t *)"100", 7, 3, NGHTTP2_NV_FLAG_NONE};

    stream->phase = HTTP2_BODY;
    stream->deadline_ns = timers_now_ns(&connection->http2->loop->timers) +
                          connection->http2->options->head_time_ms * NS_PER_MS;
    if (request->cookie.base != NULL)
        h2o_add_header(&request->req.pool, &request->req.headers, H2O_TOKEN_COOKIE, NULL, request->cookie.base,
                       request->cookie.len);
    if (request->content_length != SIZE_MAX && request->content_length > connection->http2->options->max_body)
        refuse(request, 413, METRIC_HTTP2_REFUSED_BODY);
    if (request->refusal != 0)
        answer(request);
    else if (request->expects_continue)
        nghttp2_submit_headers(connection->session, NGHTTP2_FLAG_NONE, stream->id, NULL, &go_on, 1, NULL);
}

/* Makes room for `length` octets more. Returns false after it has refused the request. */
static bool reserve(struct http2_request *request, size_t length)
{
    struct http2_connection *connection = request->stream->connection;
    const struct options *options = connection->http2->options;
    size_t wanted = request->body_length + length, capacity = request->body_capacity;

    if (wanted > options->max_body) {
        refuse(request, 413, METRIC_HTTP2_REFUSED_BODY);
        return false;
    }
    if (wanted <= capacity)
        return true;
    capacity = capacity == 0 ? BODY_FIRST : 2 * capacity;
    if (request->content_length != SIZE_MAX && capacity > request->content_length)
        capacity = request->content_length;
    capacity = capacity < wanted ? wanted : capacity;
    if (connection->body_octets + capacity - request->body_capacity > CONNECTION_BODIES * options->max_body ||
        bodies_take(capacity - request->body_capacity) != 0) {
        refuse(request, 503, METRIC_HTTP2_REFUSED_BUDGET);
        return false;
    }
    connection->body_octets += capacity - request->body_capacity;
    request->body = must_realloc(request->body, capacity);
    request->body_capacity = capacity;
    return true;
}

void http2_request_body(struct http2_request *request, const uint8_t *octets, size_t length)
{
    request->received += length;
    if (request->refusal == 0 && !reserve(request, length))
        answer(request);
    if (request->refusal != 0) {
        if (request->received > (request->stream->ended ? DISCARD_MAX : 2 * DISCARD_MAX))
            http2_stream_reset(request->stream, NGHTTP2_NO_ERROR);
        return;
    }
    memcpy(request->body + request->body_length, octets, length);
    request->body_length += length;
}

void http2_request_complete(struct http2_request *request)
{
    if (!request->answered)
        answer(request);
}

void http2_request_too_slow(struct http2_request *request)
{
    if (request->answered) {
        http2_stream_reset(request->stream, NGHTTP2_NO_ERROR); /* it was told, and has not ended its body */
        return;
    }
    refuse(request, 408, METRIC_HTTP2_REFUSED_SLOW);
    answer(request);
}

/* --- handling --------------------------------------------------------------------------------------- */

/* From here on it waits for its handler. What is still to come of a refused body may take as long as
 * it may take to send the headers. */
static void answer(struct http2_request *request)
{
    struct http2_stream *stream = request->stream;

    stream->phase = HTTP2_ANSWER;
    stream->deadline_ns = timers_now_ns(&stream->connection->http2->loop->timers) +
                          stream->connection->http2->options->head_time_ms * NS_PER_MS;
    request->answered = true;
    if (!h2o_linklist_is_linked(&stream->place))
        h2o_linklist_insert(&stream->connection->starting, &stream->place);
    http2_touch(stream->connection);
}

static void answer_refusal(struct http2_request *request, int status)
{
    static const struct {
        int status;
        const char *title;
    } titles[] = {
        {400, "Bad request"}, {408, "The request took too long"}, {413, "The body is too large"},
        {431, "The headers are too large"}, {503, "Too many request bodies at once"},
    };
    h2o_hostconf_t *host = request->req.conn->hosts[0];
    struct problem problem;
    size_t i = 0;

    while (titles[i].status != status)
        ++i;
    h2o_req_bind_conf(&request->req, host, &host->fallback_path);
    problem_set(&problem, status, titles[i].title, NULL);
    response_problem(&request->req, &problem);
}

static void start(struct http2_request *request)
{
    h2o_req_t *req = &request->req;

    if (req->input.authority.base == NULL)
        req->input.authority = req->conn->hosts[0]->authority.hostport;
    if (request->refusal != 0) {
        req->method = req->input.method; /* h2o_process_request() would have */
        answer_refusal(request, request->refusal);
    } else if (req->input.path.len == 0 || req->input.path.base[0] != '/') { /* CONNECT, OPTIONS * */
        req->method = req->input.method;
        answer_refusal(request, 400);
    } else {
        if (request->body != NULL)
            req->entity = h2o_iovec_init(request->body, request->body_length);
        h2o_process_request(req);
    }
}

void http2_requests_start(struct http2_connection *connection)
{
    for (int i = 0; i < STARTS && !h2o_linklist_is_empty(&connection->starting); ++i) {
        struct http2_stream *stream =
            H2O_STRUCT_FROM_MEMBER(struct http2_stream, place, connection->starting.next);
        h2o_linklist_unlink(&stream->place);
        if (stream->id <= connection->last_id)
            start(stream->request); /* else libnghttp2 closes it with that GOAWAY, and the client asks elsewhere */
    }
}

/* --- answering -------------------------------------------------------------------------------------- */

static bool is_hop_by_hop(const h2o_iovec_t *name)
{
    return name == &H2O_TOKEN_CONNECTION->buf || name == &H2O_TOKEN_TRANSFER_ENCODING->buf ||
           name == &H2O_TOKEN_UPGRADE->buf || h2o_lcstris(name->base, name->len, H2O_STRLIT("keep-alive")) ||
           h2o_lcstris(name->base, name->len, H2O_STRLIT("proxy-connection"));
}

static nghttp2_nv field(const char *name, size_t name_length, const char *value, size_t value_length)
{
    return (nghttp2_nv){(uint8_t *)name, (uint8_t *)value, name_length, value_length, NGHTTP2_NV_FLAG_NONE};
}

void http2_submit_response(h2o_req_t *req, struct http2_stream *stream, bool has_body)
{
    const h2o_res_t *res = &req->res;
    nghttp2_nv *fields = h2o_mem_alloc_pool(&req->pool, (res->headers.size + 4) * sizeof(*fields));
    h2o_iovec_t server = req->conn->ctx->globalconf->server_name;
    char status[STATUS_DIGITS + 1], length[24];
    h2o_timestamp_t date;
    size_t n = 0;

    snprintf(status, sizeof(status), "%03u", (unsigned)res->status % 1000);
    fields[n++] = field(H2O_STRLIT(":status"), status, STATUS_DIGITS);
    h2o_get_timestamp(req->conn->ctx, &req->pool, &date);
    fields[n++] = field(H2O_STRLIT("date"), date.str->rfc1123, strlen(date.str->rfc1123));
    fields[n++] = field(H2O_STRLIT("server"), server.base, server.len);
    if (res->content_length != SIZE_MAX && res->status != 204)
        fields[n++] = field(H2O_STRLIT("content-length"), length,
                            (size_t)snprintf(length, sizeof(length), "%zu", res->content_length));
    for (size_t i = 0; i < res->headers.size; ++i) {
        const h2o_header_t *h = &res->headers.entries[i];
        if (!is_hop_by_hop(h->name))
            fields[n++] = field(h->name->base, h->name->len, h->value.base, h->value.len);
    }
    nghttp2_submit_headers(stream->connection->session, has_body ? NGHTTP2_FLAG_NONE : NGHTTP2_FLAG_END_STREAM,
                           stream->id, NULL, fields, n, NULL);
    stream->headed = true;
    http2_touch(stream->connection);
}

/* libh2o's pieces are its own until this returns, and the octets until it is told to go on. */
static void send_pieces(struct http2_stream *stream, h2o_req_t *req, const h2o_iovec_t *bufs, size_t count)
{
    if (count > HTTP2_BUFS) {
        h2o_iovec_t *copy = h2o_mem_alloc_pool(&req->pool, count * sizeof(*copy));
        memcpy(copy, bufs, count * sizeof(*copy));
        bufs = copy;
    }
    http2_stream_send(stream, bufs, count);
}

static void do_send(h2o_ostream_t *self, h2o_req_t *req, h2o_iovec_t *bufs, size_t count,
                    h2o_send_state_t state)
{
    struct http2_stream *stream = ((struct last_stage *)self)->request->stream;
    size_t total = 0;

    for (size_t i = 0; i < count; ++i)
        total += bufs[i].len;
    if (state == H2O_SEND_STATE_ERROR) {
        http2_stream_reset(stream, NGHTTP2_INTERNAL_ERROR);
        return;
    }
    stream->final = state == H2O_SEND_STATE_FINAL;
    if (!stream->headed) {
        bool has_body = total != 0 || !stream->final;
        http2_submit_response(req, stream, has_body);
        if (!has_body) {
            stream->ended = true; /* by its HEADERS */
            return;
        }
    }
    send_pieces(stream, req, bufs, count);
}

static void on_written(struct http2_stream *stream, void *data, uint64_t now_ns)
{
    struct http2_request *request = data;

    (void)now_ns;
    if (!stream->final)
        h2o_proceed_response(&request->req);
}

/* --- ending ----------------------------------------------------------------------------------------- */

void http2_request_dispose(struct http2_request *request)
{
    h2o_dispose_request(&request->req);
    bodies_give(request->body_capacity);
    free(request->body);
    free(request);
}

static void on_closed(struct http2_stream *stream, void *data)
{
    struct http2_request *request = data;

    stream->connection->body_octets -= request->body_capacity;
    http2_request_dispose(request);
}

/* Its handler may be at work on it right now: the request lives until the loop's turn is over. */
void http2_request_retire(struct http2_request *request)
{
    struct http2_connection *connection = request->stream->connection;

    connection->body_octets -= request->body_capacity;
    request->stream->request = NULL;
    request->stream = NULL;
    h2o_linklist_insert(&connection->http2->retired, &request->retired);
    http2_wake(connection->http2);
}

void http2_requests_dispose_retired(struct http2 *http2)
{
    while (!h2o_linklist_is_empty(&http2->retired)) {
        struct http2_request *request =
            H2O_STRUCT_FROM_MEMBER(struct http2_request, retired, http2->retired.next);
        h2o_linklist_unlink(&request->retired);
        http2_request_dispose(request);
    }
}

void http2_stream_take_over(struct http2_stream *stream, h2o_req_t *req, const struct http2_feeder *next,
                            void *data)
{
    http2_submit_response(req, stream, true);
    http2_request_retire(stream->request);
    stream->urgent = true;
    stream->feeder = next;
    stream->data = data;
}
