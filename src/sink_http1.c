/* sink_http1.c -- see sink_http1.h. */
#include "sink_http1.h"

#include <h2o/http1.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "buffer.h"
#include "door.h"
#include "progress.h"
#include "reset.h"
#include "timer.h"

struct sink_http1 {
    struct sink super;
    h2o_socket_t *socket;
    bool ours;            /* libh2o has written the headers and handed the socket over */
    bool chunked;         /* HTTP/1.1 */
    bool aborted;         /* before the socket was ours */
    struct frame *first;  /* libh2o writes from it until the socket is ours: a reference, or NULL */
};

static void on_read(h2o_socket_t *socket, const char *err)
{
    struct sink_http1 *sink = socket->data;

    if (err == NULL && !visitor_is_done(socket)) {
        /* A request on this connection has to wait until the stream ends, and then the connection
         * closes: whatever comes is dropped, or it would pile up. */
        h2o_buffer_consume(&socket->input, socket->input->size);
        return;
    }
    h2o_socket_close(socket);
    sink->super.events->closed(sink->super.data);
    free(sink);
}

static void on_write(h2o_socket_t *socket, const char *err)
{
    struct sink_http1 *sink = socket->data;

    if (err != NULL)
        on_read(socket, err);
    else
        sink->super.events->written(sink->super.data, monotonic_ns());
}

static void on_last_write(h2o_socket_t *socket, const char *err)
{
    (void)err;
    h2o_socket_close(socket);
}

static int fill(struct sink_http1 *sink, struct frame *frame, h2o_iovec_t *bufs)
{
    struct iovec iov[FRAME_MAX_IOV];
    int n = sink->chunked ? frame_chunk(frame, iov) : frame_event(frame, iov);

    for (int i = 0; i < n; ++i)
        bufs[i] = h2o_iovec_init(iov[i].iov_base, iov[i].iov_len);
    return n;
}

static void do_write(struct sink *super, struct frame *const *frames, size_t count)
{
    struct sink_http1 *sink = (struct sink_http1 *)super;
    h2o_iovec_t bufs[SINK_MAX_FRAMES * FRAME_MAX_IOV];
    size_t n = 0;

    for (size_t i = 0; i < count; ++i)
        n += (size_t)fill(sink, frames[i], bufs + n);
    h2o_socket_write(sink->socket, bufs, n, on_write);
}

static void do_finish(struct sink *super)
{
    struct sink_http1 *sink = (struct sink_http1 *)super;
    h2o_iovec_t last = {H2O_STRLIT("0\r\n\r\n")};

    h2o_socket_read_stop(sink->socket);
    if (sink->chunked)
        h2o_socket_write(sink->socket, &last, 1, on_last_write);
    else
        h2o_socket_close(sink->socket);
    free(sink);
}

static void do_abort(struct sink *super)
{
    struct sink_http1 *sink = (struct sink_http1 *)super;

    reset_on_close(sink->socket);
    if (!sink->ours) {
        /* Its write is libh2o's to end; on_taken_over() frees the sink. */
        sink->aborted = true;
        shutdown(h2o_socket_get_fd(sink->socket), SHUT_RDWR);
        return;
    }
    h2o_socket_close(sink->socket);
    free(sink);
}

static uint64_t do_acknowledged(struct sink *super)
{
    return progress_acknowledged(((struct sink_http1 *)super)->socket);
}

static const struct sink_ops ops = {do_write, do_finish, do_abort, do_acknowledged};

/* The headers and the first bytes are written, and libh2o has let go of the socket; or the client
 * has, and it is NULL. */
static void on_taken_over(void *data, h2o_socket_t *socket, size_t reqsize)
{
    struct sink_http1 *sink = data;

    (void)reqsize;
    frame_unref(sink->first);
    if (socket == NULL || sink->aborted) {
        if (socket != NULL)
            h2o_socket_close(socket);
        if (!sink->aborted)
            sink->super.events->closed(sink->super.data);
        free(sink);
        return;
    }
    sink->ours = true;
    socket->data = sink;
    h2o_buffer_consume(&socket->input, socket->input->size);
    h2o_socket_read_start(socket, on_read);
    sink->super.events->written(sink->super.data, monotonic_ns());
}

struct sink *sink_http1_create(h2o_req_t *req, const char *prologue, struct frame *first,
                               const struct sink_events *events, void *data)
{
    struct sink_http1 *sink = must_alloc(sizeof(*sink));
    h2o_iovec_t bufs[1 + FRAME_MAX_IOV];
    size_t length = strlen(prologue);
    char *head = h2o_mem_alloc_pool(&req->pool, length + 24);
    int n = 1;

    sink->super = (struct sink){&ops, events, data};
    visitor_of(req)->is_stream = true;
    sink->socket = req->conn->callbacks->get_socket(req->conn);
    sink->first = first == NULL ? NULL : frame_ref(first);
    sink->chunked = req->version >= 0x101;
    if (sink->chunked)
        h2o_add_header_by_str(&req->pool, &req->res.headers, H2O_STRLIT("transfer-encoding"), 0, NULL,
                              H2O_STRLIT("chunked"));
    bufs[0].base = head;
    bufs[0].len = (size_t)(sink->chunked ? sprintf(head, "%zx\r\n%s\r\n", length, prologue)
                                         : sprintf(head, "%s", prologue));
    if (first != NULL)
        n += fill(sink, first, bufs + 1);
    req->res.status = 200;
    req->res.reason = "OK";
    h2o_http1_upgrade(req, bufs, (size_t)n, on_taken_over, sink);
    return &sink->super;
}
