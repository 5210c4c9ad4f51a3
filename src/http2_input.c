/* http2_input.c -- see http2.h: bytes -> frames -> requests.
 *
 * The input is walked frame by frame before libnghttp2 sees it, for two reasons: every frame counts
 * towards its kind's limit before anything is spent on it, and WINDOW_UPDATE, whose windows are kept
 * here, is taken out. Only a faultless one is: whatever a peer does wrong with it (a length that is not
 * 4, an increment of 0, an idle stream, the middle of a header block, before SETTINGS) is passed on, so
 * that libnghttp2 answers as RFC 9113 demands.
 */
#include "http2_private.h"

#include <string.h>

enum {
    PREFACE = 24,              /* octets: PRI * HTTP/2.0 and so on */
    FRAME_HEADER = HTTP2_FRAME_HEADER,
    UPDATE = FRAME_HEADER + 4, /* octets of a WINDOW_UPDATE */
};

struct frame_header {
    size_t length;
    uint8_t type, flags;
    int32_t id;
};

static uint32_t read_uint31(const uint8_t *at)
{
    return ((uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3]) & INT32_MAX;
}

static struct frame_header read_frame_header(const uint8_t *at)
{
    return (struct frame_header){
        .length = (size_t)at[0] << 16 | (size_t)at[1] << 8 | at[2],
        .type = at[3],
        .flags = at[4],
        .id = (int32_t)read_uint31(at + 5),
    };
}

/* --- windows ----------------------------------------------------------------------------------------- */

static struct http2_stream *find_stream(struct http2_connection *connection, int32_t id)
{
    return nghttp2_session_get_stream_user_data(connection->session, id);
}

/* RFC 9113, 6.9.1: no window may exceed 2^31 - 1. */
static bool grow(int64_t *window, int64_t by)
{
    *window += by;
    return *window <= INT32_MAX;
}

static void update_connection(struct http2_connection *connection, uint32_t increment)
{
    if (!grow(&connection->window, increment))
        http2_terminate(connection, NGHTTP2_FLOW_CONTROL_ERROR, METRIC_HTTP2_ENDED_PROTOCOL);
}

static void update_stream(struct http2_stream *stream, uint32_t increment)
{
    if (grow(&stream->window, increment)) {
        http2_stream_ready(stream);
        return;
    }
    http2_limit_reset(stream->connection, stream);
    http2_stream_reset(stream, NGHTTP2_FLOW_CONTROL_ERROR);
}

static bool is_faultless_update(struct http2_connection *connection, const struct frame_header *frame)
{
    return frame->type == NGHTTP2_WINDOW_UPDATE && frame->length == 4 && !connection->input.in_headers &&
           connection->input.frames > 1 && (frame->id == 0 || find_stream(connection, frame->id) != NULL);
}

/* RFC 9113, 6.9.2: a new initial window moves that of every stream, below zero if need be. */
static void on_settings(struct http2_connection *connection)
{
    int64_t now = nghttp2_session_get_remote_settings(connection->session,
                                                      NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE);
    int64_t by = now - connection->initial_window;
    h2o_linklist_t *next;

    connection->initial_window = now;
    if (by == 0)
        return;
    for (h2o_linklist_t *at = connection->streams.next; at != &connection->streams; at = next) {
        struct http2_stream *stream = H2O_STRUCT_FROM_MEMBER(struct http2_stream, link, at);
        next = at->next;
        if (!grow(&stream->window, by)) {
            http2_terminate(connection, NGHTTP2_FLOW_CONTROL_ERROR, METRIC_HTTP2_ENDED_PROTOCOL);
            return;
        }
        if (by > 0)
            http2_stream_ready(stream);
    }
}

/* --- the walk ---------------------------------------------------------------------------------------- */

static int pass_on(struct http2_connection *connection, size_t length)
{
    h2o_buffer_t **input = &connection->socket->input;
    ssize_t n = nghttp2_session_mem_recv(connection->session, (const uint8_t *)(*input)->bytes, length);

    if (n == NGHTTP2_ERR_FLOODED) {
        http2_terminate(connection, NGHTTP2_ENHANCE_YOUR_CALM, METRIC_HTTP2_ENDED_FLOOD);
        n = (ssize_t)length;
    }
    if (n < 0)
        return -1;
    h2o_buffer_consume(input, length);
    connection->input.left -= length;
    return 0;
}

/* A frame begins. Returns false when too little of it is there. */
static bool begin_frame(struct http2_connection *connection)
{
    h2o_buffer_t **input = &connection->socket->input;
    const uint8_t *at = (const uint8_t *)(*input)->bytes;
    struct frame_header frame;
    uint32_t increment;
    bool update; /* decided once: what follows changes the answer, while too little may be there */

    if ((*input)->size < FRAME_HEADER)
        return false;
    frame = read_frame_header(at);
    update = is_faultless_update(connection, &frame);
    if (update && (*input)->size < UPDATE)
        return false;
    ++connection->input.frames;
    http2_limit_frame(connection, frame.type, frame.length);
    if (frame.type == NGHTTP2_PRIORITY && frame.id == 0) /* libnghttp2 does not look into it any more */
        http2_terminate(connection, NGHTTP2_PROTOCOL_ERROR, METRIC_HTTP2_ENDED_PROTOCOL);
    if (update && (increment = read_uint31(at + FRAME_HEADER)) != 0) {
        if (frame.id == 0)
            update_connection(connection, increment);
        else
            update_stream(find_stream(connection, frame.id), increment);
        h2o_buffer_consume(input, UPDATE);
        return true;
    }
    if (frame.type == NGHTTP2_HEADERS || frame.type == NGHTTP2_CONTINUATION)
        connection->input.in_headers = (frame.flags & NGHTTP2_FLAG_END_HEADERS) == 0;
    connection->input.left = FRAME_HEADER + frame.length;
    return true;
}

/* An empty buffer keeps its memory, as much as ever came at once; a connection may stay for days. */
static void let_go(h2o_buffer_t **buffer)
{
    h2o_buffer_dispose(buffer);
    h2o_buffer_init(buffer, &h2o_socket_buffer_prototype);
}

int http2_receive(struct http2_connection *connection)
{
    h2o_socket_t *socket = connection->socket;

    if (connection->input.frames == 0 && connection->input.left == 0 && socket->input->size != 0) {
        connection->input.left = PREFACE; /* accept.c has looked at it, over TLS libnghttp2 does */
        connection->input.frames = 1;
    }
    while (socket->input->size != 0 && !connection->terminated) {
        size_t size = socket->input->size;
        if (connection->input.left == 0) {
            if (!begin_frame(connection))
                return 0;
            continue;
        }
        if (pass_on(connection, size < connection->input.left ? size : connection->input.left) != 0)
            return -1;
    }
    if (connection->terminated)
        h2o_buffer_consume(&socket->input, socket->input->size);
    if (socket->input->size == 0)
        let_go(&socket->input);
    return 0;
}

/* --- what libnghttp2 makes of it ------------------------------------------------------------------ */

static int on_begin_headers(nghttp2_session *session, const nghttp2_frame *frame, void *data)
{
    struct http2_connection *connection = data;
    struct http2_stream *stream;

    if (frame->hd.type != NGHTTP2_HEADERS || frame->headers.cat != NGHTTP2_HCAT_REQUEST)
        return 0; /* trailers */
    stream = http2_stream_create(connection, frame->hd.stream_id);
    stream->request = http2_request_create(stream);
    nghttp2_session_set_stream_user_data(session, frame->hd.stream_id, stream);
    return 0;
}

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name,
                     size_t name_length, const uint8_t *value, size_t value_length, uint8_t flags, void *data)
{
    struct http2_stream *stream = find_stream(data, frame->hd.stream_id);

    (void)session;
    (void)flags;
    if (stream == NULL || stream->request == NULL ||
        http2_request_field(stream->request, name, name_length, value, value_length))
        return 0;
    return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE; /* the rest of the block costs next to nothing */
}

static int on_data(nghttp2_session *session, uint8_t flags, int32_t id, const uint8_t *octets, size_t length,
                   void *data)
{
    struct http2_stream *stream = find_stream(data, id);

    (void)session;
    (void)flags;
    if (stream != NULL && stream->request != NULL)
        http2_request_body(stream->request, octets, length);
    return 0;
}

static void on_complete(struct http2_stream *stream)
{
    stream->complete = true;
    if (stream->ended)
        http2_stream_ended(stream);
    else if (stream->request != NULL)
        http2_request_complete(stream->request);
}

static int on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *data)
{
    struct http2_stream *stream;

    (void)session;
    if (frame->hd.type == NGHTTP2_SETTINGS && (frame->hd.flags & NGHTTP2_FLAG_ACK) == 0)
        on_settings(data);
    if (frame->hd.type != NGHTTP2_HEADERS && frame->hd.type != NGHTTP2_DATA)
        return 0;
    if ((stream = find_stream(data, frame->hd.stream_id)) == NULL)
        return 0;
    if (frame->hd.type == NGHTTP2_HEADERS && frame->headers.cat == NGHTTP2_HCAT_REQUEST &&
        stream->request != NULL)
        http2_request_headers(stream->request);
    if ((frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0)
        on_complete(stream);
    return 0;
}

/* A frame that makes libnghttp2 refuse a stream; one that it resets comes to on_stream_close(). */
static int on_invalid_frame(nghttp2_session *session, const nghttp2_frame *frame, int error, void *data)
{
    (void)session;
    (void)error;
    if (frame->hd.stream_id != 0 && find_stream(data, frame->hd.stream_id) == NULL)
        http2_limit_reset(data, NULL);
    return 0;
}

/* Headers that libnghttp2 will not send (it takes 64 KiB): DATA must not go without them. */
static int on_not_sent(nghttp2_session *session, const nghttp2_frame *frame, int error, void *data)
{
    struct http2_stream *stream = find_stream(data, frame->hd.stream_id);

    (void)session;
    (void)error;
    if (frame->hd.type == NGHTTP2_HEADERS && stream != NULL)
        http2_stream_reset(stream, NGHTTP2_INTERNAL_ERROR);
    return 0;
}

/* What we end ourselves has been counted with its reason. */
static int on_sent(nghttp2_session *session, const nghttp2_frame *frame, void *data)
{
    struct http2_connection *connection = data;

    (void)session;
    if (frame->hd.type == NGHTTP2_GOAWAY && frame->goaway.error_code != NGHTTP2_NO_ERROR &&
        !connection->terminated)
        http2_ended(connection, METRIC_HTTP2_ENDED_PROTOCOL);
    return 0;
}

static int on_stream_close(nghttp2_session *session, int32_t id, uint32_t error_code, void *data)
{
    struct http2_stream *stream = find_stream(data, id);

    (void)session;
    (void)error_code; /* a peer may choose any */
    if (stream == NULL)
        return 0;
    if (!stream->ended)
        http2_limit_reset(data, stream);
    http2_stream_dispose(stream);
    return 0;
}

void http2_set_callbacks(nghttp2_session_callbacks *callbacks)
{
    nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, on_begin_headers);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
    nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(callbacks, on_invalid_frame);
    nghttp2_session_callbacks_set_on_frame_not_send_callback(callbacks, on_not_sent);
    nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, on_sent);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_stream_close);
}
