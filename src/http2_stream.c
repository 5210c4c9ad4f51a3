/* http2_stream.c -- see http2.h: one stream, what it sends and how it ends.
 *
 * A stream lives from its HEADERS until libnghttp2 says that it is closed, or the connection goes; then
 * whoever feeds it is told, once. What it sends is not copied until it goes out.
 */
#include "http2_private.h"

#include <stdlib.h>
#include <string.h>

#include "buffer.h"

struct http2_stream *http2_stream_create(struct http2_connection *connection, int32_t id)
{
    struct http2_stream *stream = must_alloc(sizeof(*stream));

    stream->connection = connection;
    stream->id = id;
    stream->window = connection->initial_window;
    stream->opened_ns = timers_now_ns(&connection->http2->loop->timers);
    h2o_linklist_insert(&connection->streams, &stream->link);
    ++connection->stream_count;
    connection->idle_since_ns = 0;
    metric_add(METRIC_HTTP2_STREAMS, 1);
    return stream;
}

void http2_stream_stop_waiting(struct http2_stream *stream)
{
    if (h2o_linklist_is_linked(&stream->place))
        h2o_linklist_unlink(&stream->place);
}

void http2_stream_dispose(struct http2_stream *stream)
{
    struct http2_connection *connection = stream->connection;

    http2_stream_stop_waiting(stream);
    h2o_linklist_unlink(&stream->link);
    if (--connection->stream_count == 0)
        connection->idle_since_ns = timers_now_ns(&connection->http2->loop->timers);
    metric_add(METRIC_HTTP2_STREAMS, -1);
    if (stream->feeder != NULL)
        stream->feeder->closed(stream, stream->data);
    free(stream);
}

void http2_stream_ready(struct http2_stream *stream)
{
    struct http2_connection *connection = stream->connection;

    if (stream->ended || stream->reset || h2o_linklist_is_linked(&stream->place))
        return;
    if (stream->left == 0 ? !stream->final : stream->window <= 0)
        return;
    h2o_linklist_insert(stream->urgent ? &connection->urgent : &connection->bulk, &stream->place);
    http2_touch(connection);
}

void http2_stream_ended(struct http2_stream *stream)
{
    stream->ended = true;
    if (stream->complete)
        nghttp2_submit_rst_stream(stream->connection->session, NGHTTP2_FLAG_NONE, stream->id, HTTP2_ENDED);
}

void http2_stream_take(struct http2_stream *stream, uint8_t *to, size_t length)
{
    stream->left -= length;
    stream->sent += length;
    while (length != 0) {
        size_t rest = stream->bufs->len - stream->buf_offset;
        size_t n = rest < length ? rest : length;
        memcpy(to, stream->bufs->base + stream->buf_offset, n);
        to += n;
        length -= n;
        stream->buf_offset += n;
        if (n == rest) {
            ++stream->bufs;
            stream->buf_offset = 0;
        }
    }
}

/* --- what its feeder does ------------------------------------------------------------------------ */

void http2_stream_send(struct http2_stream *stream, const h2o_iovec_t *bufs, size_t count)
{
    stream->bufs = bufs;
    if (count <= HTTP2_BUFS) {
        memcpy(stream->own, bufs, count * sizeof(*bufs));
        stream->bufs = stream->own;
    }
    stream->buf_offset = 0;
    for (size_t i = 0; i < count; ++i)
        stream->left += bufs[i].len;
    stream->owes = true;
    stream->measured_ns = 0;
    if (stream->left == 0 && !stream->final) {
        h2o_linklist_insert(&stream->connection->sent, &stream->place); /* it wants to be asked again */
        http2_touch(stream->connection);
    }
    http2_stream_ready(stream);
}

void http2_stream_end(struct http2_stream *stream)
{
    stream->feeder = NULL;
    stream->final = true;
    http2_stream_ready(stream);
}

void http2_stream_reset(struct http2_stream *stream, uint32_t error_code)
{
    http2_stream_stop_waiting(stream);
    stream->left = 0;
    stream->owes = false;
    if (stream->reset)
        return;
    stream->reset = true;
    nghttp2_submit_rst_stream(stream->connection->session, NGHTTP2_FLAG_NONE, stream->id, error_code);
    http2_touch(stream->connection);
}

void http2_stream_abort(struct http2_stream *stream)
{
    stream->feeder = NULL;
    http2_stream_reset(stream, NGHTTP2_CANCEL);
}

uint64_t http2_stream_sent(const struct http2_stream *stream)
{
    return stream->sent;
}
