/* http2_output.c -- see http2.h: streams -> one block of bytes -> one write.
 *
 * A block is put together in memory that all connections of the worker share: first what libnghttp2
 * has to say, then DATA frames of the streams that have something to send, copied in. So nothing that
 * a stream sends from has to outlive the stream, a broadcast to a hundred streams of a connection is
 * one write from memory that is in the cache, and a connection with nothing under way owns no buffer.
 *
 * On a plain socket the block is offered to the kernel at once; what it does not take is copied aside
 * and left to libh2o to write. On TLS libh2o encrypts the block before h2o_socket_write() returns.
 */
#include "http2_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "buffer.h"

enum { ROUNDS = 4 }; /* writes in a row; then it is somebody else's turn */

/* A reset by which libnghttp2 was told that the stream has ended well: not for the peer. */
static bool is_ours(const uint8_t *frame, size_t length)
{
    static const uint8_t code[] = {HTTP2_ENDED >> 24, HTTP2_ENDED >> 16 & 0xff, HTTP2_ENDED >> 8 & 0xff,
                                   HTTP2_ENDED & 0xff};

    return length == HTTP2_FRAME_HEADER + 4 && frame[3] == NGHTTP2_RST_STREAM &&
           memcmp(frame + HTTP2_FRAME_HEADER, code, sizeof(code)) == 0;
}

/* What libnghttp2 has to say. Returns the new length of the block, or -1 when it is beyond help.
 * A piece is at most a frame, for which there is room behind the block. */
static ssize_t put_session(struct http2_connection *connection, ssize_t length)
{
    const uint8_t *piece;
    ssize_t n = 0;

    while (length < HTTP2_BLOCK && (n = nghttp2_session_mem_send(connection->session, &piece)) > 0) {
        if (is_ours(piece, (size_t)n))
            continue;
        memcpy(connection->http2->block + length, piece, (size_t)n);
        length += n;
    }
    return n < 0 ? -1 : length;
}

static void put_frame_header(uint8_t *at, const struct http2_stream *stream, size_t length, bool last)
{
    uint32_t id = (uint32_t)stream->id;

    at[0] = (uint8_t)(length >> 16);
    at[1] = (uint8_t)(length >> 8);
    at[2] = (uint8_t)length;
    at[3] = NGHTTP2_DATA;
    at[4] = last ? NGHTTP2_FLAG_END_STREAM : 0;
    at[5] = (uint8_t)(id >> 24);
    at[6] = (uint8_t)(id >> 16);
    at[7] = (uint8_t)(id >> 8);
    at[8] = (uint8_t)id;
}

/* How much of a stream goes into one frame; 0 when a window is closed. */
static size_t frame_length(const struct http2_connection *connection, const struct http2_stream *stream,
                           size_t room)
{
    size_t length = stream->left < HTTP2_FRAME ? stream->left : HTTP2_FRAME;
    int64_t window = stream->window < connection->window ? stream->window : connection->window;

    if (window <= 0)
        return 0;
    if (length > (size_t)window)
        length = (size_t)window;
    return length < room ? length : room;
}

/* Puts one DATA frame of the first stream in line into the block and gives the stream its next place. */
static ssize_t put_data(struct http2_connection *connection, struct http2_stream *stream, ssize_t length,
                        size_t limit)
{
    uint8_t *block = connection->http2->block;
    size_t n = frame_length(connection, stream, limit - (size_t)length - HTTP2_FRAME_HEADER);
    bool last = stream->final && n == stream->left;

    h2o_linklist_unlink(&stream->place);
    if (n == 0 && stream->left != 0)
        return length; /* its window is closed: WINDOW_UPDATE brings it back */
    put_frame_header(block + length, stream, n, last);
    http2_stream_take(stream, block + length + HTTP2_FRAME_HEADER, n);
    stream->window -= (int64_t)n;
    connection->window -= (int64_t)n;
    http2_limit_credit(connection);
    if (stream->left != 0)
        http2_stream_ready(stream);
    else if (last)
        http2_stream_ended(stream);
    else if (stream->owes)
        h2o_linklist_insert(&connection->sent, &stream->place);
    return length + HTTP2_FRAME_HEADER + (ssize_t)n;
}

static ssize_t put_list(struct http2_connection *connection, h2o_linklist_t *list, ssize_t length, size_t limit)
{
    while (!h2o_linklist_is_empty(list) && (size_t)length + HTTP2_FRAME_HEADER < limit) {
        struct http2_stream *stream = H2O_STRUCT_FROM_MEMBER(struct http2_stream, place, list->next);
        if (connection->window <= 0 && stream->left != 0)
            break; /* the next WINDOW_UPDATE of the connection goes on here */
        length = put_data(connection, stream, length, limit);
    }
    return length;
}

/* Events go first; but where downloads wait, one frame of theirs has its place in each block. */
static ssize_t put_streams(struct http2_connection *connection, ssize_t length)
{
    size_t reserved = h2o_linklist_is_empty(&connection->bulk) ? 0 : HTTP2_FRAME + HTTP2_FRAME_HEADER;

    length = put_list(connection, &connection->urgent, length, HTTP2_BLOCK - reserved);
    return put_list(connection, &connection->bulk, length, HTTP2_BLOCK);
}

static ssize_t fill(struct http2_connection *connection)
{
    ssize_t length = put_session(connection, 0);

    if (length < 0 || length >= HTTP2_BLOCK)
        return length;
    length = put_streams(connection, length);
    return put_session(connection, length); /* streams that have ended by that */
}

/* --- writing ----------------------------------------------------------------------------------------- */

/* What was sent has left: those who sent it may send more. */
static void tell_sent(struct http2_connection *connection)
{
    uint64_t now;
    h2o_linklist_t sent;

    if (h2o_linklist_is_empty(&connection->sent))
        return;
    now = timers_now_ns(&connection->http2->loop->timers);
    h2o_linklist_init_anchor(&sent);
    h2o_linklist_insert_list(&sent, &connection->sent);
    connection->busy = true;
    while (!h2o_linklist_is_empty(&sent)) {
        struct http2_stream *stream = H2O_STRUCT_FROM_MEMBER(struct http2_stream, place, sent.next);
        h2o_linklist_unlink(&stream->place);
        stream->owes = false;
        if (stream->feeder != NULL)
            stream->feeder->written(stream, stream->data, now);
    }
    connection->busy = false;
}

static void on_write(h2o_socket_t *socket, const char *err)
{
    struct http2_connection *connection = socket->data;

    connection->writing = false;
    free(connection->unwritten);
    connection->unwritten = NULL;
    if (err != NULL) {
        http2_destroy(connection);
        return;
    }
    tell_sent(connection);
    if (http2_flush(connection))
        http2_set_reading(connection);
}

static void hand_over(struct http2_connection *connection, char *octets, size_t length)
{
    h2o_iovec_t buf = h2o_iovec_init(octets, length);

    connection->writing = true;
    connection->stall_ns = 0;
    h2o_socket_write(connection->socket, &buf, 1, on_write);
}

/* Returns -1 when the peer is gone. */
static int write_block(struct http2_connection *connection, size_t length)
{
    char *block = (char *)connection->http2->block;
    ssize_t n;

    if (connection->socket->ssl != NULL) {
        hand_over(connection, block, length);
        return 0;
    }
    do {
        n = send(h2o_socket_get_fd(connection->socket), block, length, MSG_NOSIGNAL | MSG_DONTWAIT);
    } while (n == -1 && errno == EINTR);
    if (n == -1 && errno != EAGAIN)
        return -1;
    n = n == -1 ? 0 : n;
    if ((size_t)n < length) {
        connection->unwritten = must_realloc(NULL, length - (size_t)n);
        memcpy(connection->unwritten, block + n, length - (size_t)n);
        hand_over(connection, connection->unwritten, length - (size_t)n);
    }
    return 0;
}

static bool is_over(const struct http2_connection *connection)
{
    return nghttp2_session_want_read(connection->session) == 0 &&
           nghttp2_session_want_write(connection->session) == 0;
}

bool http2_flush(struct http2_connection *connection)
{
    for (int round = 0; !connection->writing && !connection->closing; ++round) {
        ssize_t length;
        if (round == ROUNDS) {
            http2_touch(connection);
            return true;
        }
        connection->busy = true;
        if (round == 0 && !connection->terminated) /* it has lost its right to be answered */
            http2_requests_start(connection);
        length = fill(connection);
        connection->busy = false;
        if (length == 0 && h2o_linklist_is_empty(&connection->sent))
            break;
        if (length < 0 || (length != 0 && write_block(connection, (size_t)length) != 0)) {
            http2_destroy(connection);
            return false;
        }
        if (!connection->writing)
            tell_sent(connection);
    }
    if (!connection->writing && !connection->closing && is_over(connection))
        http2_close(connection);
    else if (!connection->terminated && !h2o_linklist_is_empty(&connection->starting))
        http2_touch(connection); /* the others have their turn first */
    return true;
}
