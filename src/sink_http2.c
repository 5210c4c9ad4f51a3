/* sink_http2.c -- see sink_http2.h. */
#include "sink_http2.h"

#include <stdlib.h>
#include <string.h>

#include "buffer.h"

struct sink_http2 {
    struct sink super;
    struct http2_stream *stream;
    void *kept; /* the prologue, or the pieces of a write that are too many for the stream; or NULL */
};

static void drop_kept(struct sink_http2 *sink)
{
    free(sink->kept);
    sink->kept = NULL;
}

static void on_written(struct http2_stream *stream, void *data, uint64_t now_ns)
{
    struct sink_http2 *sink = data;

    (void)stream;
    drop_kept(sink);
    sink->super.events->written(sink->super.data, now_ns);
}

static void on_closed(struct http2_stream *stream, void *data)
{
    struct sink_http2 *sink = data;

    (void)stream;
    sink->super.events->closed(sink->super.data);
    drop_kept(sink);
    free(sink);
}

static const struct http2_feeder feeder = {on_written, on_closed};

static size_t fill(const struct frame *frame, h2o_iovec_t *bufs)
{
    struct iovec iov[FRAME_MAX_IOV];
    int n = frame_event(frame, iov);

    for (int i = 0; i < n; ++i)
        bufs[i] = h2o_iovec_init(iov[i].iov_base, iov[i].iov_len);
    return (size_t)n;
}

static void do_write(struct sink *super, struct frame *const *frames, size_t count)
{
    struct sink_http2 *sink = (struct sink_http2 *)super;
    h2o_iovec_t bufs[SINK_MAX_FRAMES * FRAME_MAX_IOV], *kept = bufs;
    size_t n = 0;

    for (size_t i = 0; i < count; ++i)
        n += fill(frames[i], bufs + n);
    if (n > HTTP2_BUFS) {
        sink->kept = kept = must_realloc(NULL, n * sizeof(*bufs));
        memcpy(kept, bufs, n * sizeof(*bufs));
    }
    http2_stream_send(sink->stream, kept, n);
}

static void do_finish(struct sink *super)
{
    struct sink_http2 *sink = (struct sink_http2 *)super;

    http2_stream_end(sink->stream);
    free(sink);
}

static void do_abort(struct sink *super)
{
    struct sink_http2 *sink = (struct sink_http2 *)super;

    http2_stream_abort(sink->stream);
    drop_kept(sink);
    free(sink);
}

static uint64_t do_acknowledged(struct sink *super)
{
    return http2_stream_sent(((struct sink_http2 *)super)->stream);
}

static const struct sink_ops ops = {do_write, do_finish, do_abort, do_acknowledged};

struct sink *sink_http2_create(h2o_req_t *req, const char *prologue, struct frame *first,
                               const struct sink_events *events, void *data)
{
    struct sink_http2 *sink = must_alloc(sizeof(*sink));
    h2o_iovec_t bufs[1 + FRAME_MAX_IOV];
    size_t n = 1;

    _Static_assert(1 + FRAME_MAX_IOV <= HTTP2_BUFS, "the first write needs no array");
    sink->super = (struct sink){&ops, events, data};
    sink->stream = http2_stream_of(req);
    sink->kept = must_strdup(prologue);
    bufs[0] = h2o_iovec_init(sink->kept, strlen(prologue));
    if (first != NULL)
        n += fill(first, bufs + 1);
    req->res.status = 200;
    req->res.reason = "OK";
    http2_stream_take_over(sink->stream, req, &feeder, sink);
    http2_stream_send(sink->stream, bufs, n);
    return &sink->super;
}
