/* http2_limit.c -- see http2.h: who is too fast, too slow, or idle.
 *
 * Too fast is found out when it happens, by two token buckets of each connection: one for frames that
 * cost the sender nothing (PING, SETTINGS, PRIORITY, WINDOW_UPDATE, RST_STREAM, unknown ones, DATA
 * with next to nothing in it), one for streams that come to nothing. A peer earns frames by what we
 * send to it: it may answer each DATA frame with WINDOW_UPDATEs. Streams that lived for a while do not
 * count: a page that is left resets all of its own.
 *
 * Too slow is looked for once a second: deadlines need no timers of their own.
 */
#include "http2_private.h"

#include <sys/socket.h>

#include "progress.h"
#include "reset.h"

enum {
    FRAMES_PER_S = 1000,
    FRAMES_BURST = 4000,
    FRAMES_PER_DATA = 4,       /* that each DATA frame of ours earns, up to EARNED_MAX */
    EARNED_MAX = 100000,
    SMALL_DATA = 256,          /* octets; a DATA frame with less counts */
    RESETS_BURST_S = 10,       /* seconds' worth of resets at once */
    YOUNG_MS = 1000,           /* a stream reset within this time has been opened for nothing */
    SWEEP_MS = 1000,
};

/* --- too fast ---------------------------------------------------------------------------------------- */

static bool take_token(struct http2_bucket *bucket, double rate, double burst, uint64_t now)
{
    double elapsed = bucket->filled_ns == 0 ? burst : (double)(now - bucket->filled_ns) / (double)NS_PER_S;

    bucket->filled_ns = now;
    if (bucket->tokens < burst) {
        bucket->tokens += elapsed * rate;
        if (bucket->tokens > burst)
            bucket->tokens = burst;
    }
    bucket->tokens -= 1;
    return bucket->tokens >= 0;
}

static uint64_t now_of(const struct http2_connection *connection)
{
    return timers_now_ns(&connection->http2->loop->timers);
}

/* HEADERS have limits of their own: streams at once, and resets. */
static bool is_cheap(uint8_t type, size_t length)
{
    return type == NGHTTP2_DATA ? length < SMALL_DATA : type != NGHTTP2_HEADERS;
}

void http2_limit_frame(struct http2_connection *connection, uint8_t type, size_t length)
{
    if (is_cheap(type, length) &&
        !take_token(&connection->frames, FRAMES_PER_S, FRAMES_BURST, now_of(connection)))
        http2_terminate(connection, NGHTTP2_ENHANCE_YOUR_CALM, METRIC_HTTP2_ENDED_FLOOD);
}

void http2_limit_credit(struct http2_connection *connection)
{
    if (connection->frames.tokens < EARNED_MAX)
        connection->frames.tokens += FRAMES_PER_DATA;
}

void http2_limit_reset(struct http2_connection *connection, const struct http2_stream *stream)
{
    unsigned rate = connection->http2->options->max_resets;
    uint64_t now = now_of(connection);

    if (connection->closing || (stream != NULL && now - stream->opened_ns > YOUNG_MS * NS_PER_MS))
        return;
    if (!take_token(&connection->resets, rate, (double)rate * RESETS_BURST_S, now))
        http2_terminate(connection, NGHTTP2_ENHANCE_YOUR_CALM, METRIC_HTTP2_ENDED_RESETS);
}

/* --- too slow ---------------------------------------------------------------------------------------- */

/* A body must come at --slow-rate on the average, and has --head-time to begin with. None is slower than 0. */
static bool is_late(const struct http2_stream *stream, uint64_t now)
{
    unsigned rate = stream->connection->http2->options->slow_rate;
    uint64_t earned = 0;

    if (stream->complete || stream->deadline_ns == 0 || (stream->phase == HTTP2_BODY && rate == 0))
        return false;
    if (stream->phase == HTTP2_BODY)
        earned = http2_request_received(stream->request) * NS_PER_S / rate;
    return now > stream->deadline_ns + earned;
}

/* The rest of a response is not taken. Events have a rule of their own (stream.c). */
static bool is_stalled(struct http2_stream *stream, uint64_t now)
{
    const struct options *options = stream->connection->http2->options;
    uint64_t elapsed = now - stream->measured_ns;

    if (stream->left == 0 || stream->request == NULL)
        return false;
    if (stream->measured_ns != 0 && elapsed < options->slow_time_ms * NS_PER_MS)
        return false;
    if (stream->measured_ns != 0 &&
        (stream->sent - stream->measured_sent) * NS_PER_S < options->slow_rate * elapsed)
        return true;
    stream->measured_ns = now;
    stream->measured_sent = stream->sent;
    return false;
}

static void on_late(struct http2_stream *stream)
{
    /* Within a header block nothing but its rest may come: one stream cannot be given up alone. */
    if (stream->phase == HTTP2_HEAD)
        http2_terminate(stream->connection, NGHTTP2_ENHANCE_YOUR_CALM, METRIC_HTTP2_ENDED_SLOW);
    else if (stream->request == NULL)
        http2_stream_reset(stream, NGHTTP2_NO_ERROR);
    else
        http2_request_too_slow(stream->request);
}

static void sweep_streams(struct http2_connection *connection, uint64_t now)
{
    h2o_linklist_t *next;

    for (h2o_linklist_t *at = connection->streams.next; at != &connection->streams; at = next) {
        struct http2_stream *stream = H2O_STRUCT_FROM_MEMBER(struct http2_stream, link, at);
        next = at->next; /* nothing is disposed of here: that comes with the next write */
        if (is_late(stream, now)) {
            on_late(stream);
        } else if (is_stalled(stream, now)) {
            metric_add(METRIC_HTTP2_CUT, 1);
            http2_stream_reset(stream, NGHTTP2_CANCEL);
        }
    }
}

/* A peer that takes nothing at all, so that no stream of the connection can move. */
static bool is_stuck(struct http2_connection *connection, uint64_t now)
{
    const struct options *options = connection->http2->options;
    uint64_t acknowledged, elapsed = now - connection->stall_ns;

    if (!connection->writing || (connection->stall_ns != 0 && elapsed < options->slow_time_ms * NS_PER_MS))
        return false;
    acknowledged = progress_acknowledged(connection->socket);
    if (connection->stall_ns != 0 && acknowledged != UINT64_MAX &&
        (acknowledged - connection->stall_acknowledged) * NS_PER_S < options->slow_rate * elapsed)
        return true;
    connection->stall_ns = now;
    connection->stall_acknowledged = acknowledged;
    return false;
}

static void cut(struct http2_connection *connection)
{
    metric_add(METRIC_HTTP2_ENDED_STUCK, 1);
    reset_on_close(connection->socket);
    shutdown(h2o_socket_get_fd(connection->socket), SHUT_RDWR); /* TLS has nothing to add */
    http2_destroy(connection);
}

static bool is_idle(const struct http2_connection *connection, uint64_t now)
{
    return connection->idle_since_ns != 0 &&
           now - connection->idle_since_ns > connection->http2->options->head_time_ms * NS_PER_MS;
}

static void sweep(struct http2_connection *connection, uint64_t now)
{
    if (connection->closing) {
        if (now >= connection->close_at_ns)
            http2_destroy(connection);
    } else if (is_stuck(connection, now)) {
        cut(connection);
    } else if (connection->close_at_ns != 0 && now >= connection->close_at_ns) {
        connection->close_at_ns = 0;
        connection->last_id = nghttp2_session_get_last_proc_stream_id(connection->session);
        nghttp2_submit_goaway(connection->session, NGHTTP2_FLAG_NONE, connection->last_id, NGHTTP2_NO_ERROR, NULL, 0);
        http2_touch(connection);
    } else if (is_idle(connection, now)) {
        connection->idle_since_ns = now;
        nghttp2_session_terminate_session(connection->session, NGHTTP2_NO_ERROR);
        http2_touch(connection);
    } else {
        sweep_streams(connection, now);
    }
}

void http2_limit_sweep(struct timer *timer)
{
    struct http2 *http2 = H2O_STRUCT_FROM_MEMBER(struct http2, sweep, timer);
    uint64_t now = timers_now_ns(&http2->loop->timers), pause = http2->draining ? SWEEP_MS / 10 : SWEEP_MS;
    h2o_linklist_t *next;

    timer_set(&http2->loop->timers, timer, pause * NS_PER_MS);
    for (h2o_linklist_t *at = http2->connections.next; at != &http2->connections; at = next) {
        next = at->next;
        sweep(H2O_STRUCT_FROM_MEMBER(struct http2_connection, link, at), now);
    }
}
