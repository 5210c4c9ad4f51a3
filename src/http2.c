/* http2.c -- see http2.h: a worker's connections. */
#include "http2_private.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "buffer.h"
#include "client.h"
#include "door.h"
#include "log.h"

enum {
    MAX_ACKS = 100,             /* answers to PING and SETTINGS that wait; more is a flood */
    MAX_SETTINGS = 32,          /* entries of one SETTINGS frame */
    MAX_CONTINUATIONS = 4,      /* CONTINUATION frames of one header block */
    RESETS_BURST = 20000,       /* resets by a client, whatever the age of the streams: at once … */
    RESETS_PER_S = 1000,        /* … and per second */
    STREAM_WINDOW = 256 << 10,  /* octets of a body that may be on their way */
    CONNECTION_WINDOW = 1 << 20,
    QUEUE_HIGH = 400,           /* frames that wait: we stop reading until they have left */
    CLOSE_MS = 2000,            /* how long the peer may take to close after us, or to say anything … */
    CLOSE_OCTETS = 1 << 20,     /* … and what it may send until then */
    DRAIN_NOTICE_MS = 300,      /* between the two GOAWAYs: what the client sent before the first may come */
    DRAIN_FIRST_MS = 700,       /* the same of a connection that has not asked yet: it is here for its first
                                   request. One that came as late as a drain accepts (DOOR_YIELD_MS) has as long as
                                   the worker waits for those over HTTP/1.1 (DRAIN_GRACE_MS) */
};

static struct http2_connection *of(h2o_conn_t *super)
{
    return (struct http2_connection *)super;
}

/* --- as libh2o sees it ------------------------------------------------------------------------- */

static socklen_t get_sockname(h2o_conn_t *super, struct sockaddr *sa)
{
    return h2o_socket_getsockname(of(super)->socket, sa);
}

static socklen_t get_peername(h2o_conn_t *super, struct sockaddr *sa)
{
    return h2o_socket_getpeername(of(super)->socket, sa);
}

static h2o_socket_t *get_socket(h2o_conn_t *super)
{
    return of(super)->socket;
}

static const h2o_conn_callbacks_t conn_callbacks = {
    .get_sockname = get_sockname,
    .get_peername = get_peername,
    .get_socket = get_socket,
};

/* --- the loop's turn --------------------------------------------------------------------------- */

void http2_wake(struct http2 *http2)
{
    if (!timer_is_set(&http2->flush))
        timer_set(&http2->loop->timers, &http2->flush, 0);
}

void http2_touch(struct http2_connection *connection)
{
    if (connection->busy || connection->writing || connection->closing ||
        h2o_linklist_is_linked(&connection->dirty))
        return; /* it comes round anyway, or never again */
    h2o_linklist_insert(&connection->http2->dirty, &connection->dirty);
    http2_wake(connection->http2);
}

static void on_flush(struct timer *timer)
{
    struct http2 *http2 = H2O_STRUCT_FROM_MEMBER(struct http2, flush, timer);
    h2o_linklist_t due;

    http2_requests_dispose_retired(http2);
    h2o_linklist_init_anchor(&due);
    h2o_linklist_insert_list(&due, &http2->dirty);
    while (!h2o_linklist_is_empty(&due)) {
        struct http2_connection *connection = H2O_STRUCT_FROM_MEMBER(struct http2_connection, dirty, due.next);
        h2o_linklist_unlink(&connection->dirty);
        http2_flush(connection);
    }
}

/* --- reading ------------------------------------------------------------------------------------- */

static void on_read(h2o_socket_t *socket, const char *err);

void http2_set_reading(struct http2_connection *connection)
{
    bool full = connection->writing && !connection->closing &&
                nghttp2_session_get_outbound_queue_size(connection->session) > QUEUE_HIGH;

    if (full && h2o_socket_is_reading(connection->socket))
        h2o_socket_read_stop(connection->socket);
    else if (!full && !h2o_socket_is_reading(connection->socket))
        h2o_socket_read_start(connection->socket, on_read);
}

static void wait_for_close(struct http2_connection *connection)
{
    connection->close_at_ns = timers_now_ns(&connection->http2->loop->timers) + CLOSE_MS * NS_PER_MS;
}

/* Who says something after the end may be taking the last answer, slowly: a WINDOW_UPDATE that met no connection
 * would destroy the rest. Who goes on all the same is reset. */
static void discard(struct http2_connection *connection)
{
    h2o_buffer_t **input = &connection->socket->input;

    if (!connection->terminated)
        wait_for_close(connection);
    connection->discarded += (*input)->size;
    h2o_buffer_consume(input, (*input)->size);
    if (connection->discarded > CLOSE_OCTETS || visitor_is_done(connection->socket))
        http2_destroy(connection);
}

static void on_read(h2o_socket_t *socket, const char *err)
{
    struct http2_connection *connection = socket->data;
    int status;

    if (err != NULL) {
        http2_destroy(connection);
        return;
    }
    if (connection->closing) {
        discard(connection);
        return;
    }
    connection->busy = true;
    status = http2_receive(connection);
    connection->busy = false;
    if (status != 0) {
        http2_destroy(connection);
    } else if (http2_flush(connection)) {
        if (visitor_is_done(socket))
            http2_destroy(connection);
        else
            http2_set_reading(connection);
    }
}

/* --- ending --------------------------------------------------------------------------------------- */

/* Who is merely slow has done nothing wrong. */
void http2_ended(struct http2_connection *connection, enum metric why)
{
    metric_add(why, 1);
    if (why != METRIC_HTTP2_ENDED_SLOW)
        client_misbehaved(connection->socket->on_close.data, PENALTY_ATTACK);
}

void http2_terminate(struct http2_connection *connection, uint32_t error_code, enum metric why)
{
    if (!connection->terminated)
        http2_ended(connection, why);
    connection->terminated = true;
    nghttp2_session_terminate_session(connection->session, error_code);
    http2_touch(connection);
}

static void dispose_streams(struct http2_connection *connection)
{
    while (!h2o_linklist_is_empty(&connection->streams))
        http2_stream_dispose(H2O_STRUCT_FROM_MEMBER(struct http2_stream, link, connection->streams.next));
}

static void unlink_dirty(struct http2_connection *connection)
{
    if (h2o_linklist_is_linked(&connection->dirty))
        h2o_linklist_unlink(&connection->dirty);
}

void http2_destroy(struct http2_connection *connection)
{
    struct http2 *http2 = connection->http2;

    connection->closing = true;
    dispose_streams(connection);
    http2_requests_dispose_retired(http2); /* they may be of this connection */
    unlink_dirty(connection);
    nghttp2_session_del(connection->session);
    h2o_linklist_unlink(&connection->link);
    h2o_socket_close(connection->socket); /* a write under way is dropped, without its callback */
    free(connection->unwritten);
    free(connection);
    metric_add(METRIC_HTTP2_CONNECTIONS, -1);
    if (--http2->count == 0)
        timer_cancel(&http2->loop->timers, &http2->sweep);
}

void http2_close(struct http2_connection *connection)
{
    connection->closing = true;
    dispose_streams(connection);
    unlink_dirty(connection);
    shutdown(h2o_socket_get_fd(connection->socket), SHUT_WR);
    wait_for_close(connection);
    if (!h2o_socket_is_reading(connection->socket))
        h2o_socket_read_start(connection->socket, on_read);
}

/* --- beginning ------------------------------------------------------------------------------------ */

static void make_options(struct http2 *http2)
{
    if (nghttp2_option_new(&http2->option) != 0 || nghttp2_session_callbacks_new(&http2->callbacks) != 0) {
        log_error("out of memory");
        abort();
    }
    nghttp2_option_set_max_outbound_ack(http2->option, MAX_ACKS);
    nghttp2_option_set_max_settings(http2->option, MAX_SETTINGS);
    nghttp2_option_set_max_continuations(http2->option, MAX_CONTINUATIONS);
    /* A second net below ours (http2_limit.c): it also counts a page that closes its old streams. */
    nghttp2_option_set_stream_reset_rate_limit(http2->option, RESETS_BURST, RESETS_PER_S);
    http2_set_callbacks(http2->callbacks);
}

void http2_init(struct http2 *http2, struct loop *loop, h2o_context_t *context, const struct options *options)
{
    *http2 = (struct http2){.loop = loop, .context = context, .options = options,
                            .flush = {.fire = on_flush}, .sweep = {.fire = http2_limit_sweep}};
    h2o_linklist_init_anchor(&http2->connections);
    h2o_linklist_init_anchor(&http2->dirty);
    h2o_linklist_init_anchor(&http2->retired);
    http2->block = must_alloc(HTTP2_BLOCK + HTTP2_FRAME + HTTP2_FRAME_HEADER);
    make_options(http2);
}

static void greet(struct http2_connection *connection)
{
    const struct options *options = connection->http2->options;
    nghttp2_settings_entry settings[] = {
        {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, options->max_connection_streams},
        {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, STREAM_WINDOW},
        {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, (uint32_t)options->max_head},
        {NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1},
    };

    nghttp2_submit_settings(connection->session, NGHTTP2_FLAG_NONE, settings,
                            sizeof(settings) / sizeof(*settings));
    nghttp2_session_set_local_window_size(connection->session, NGHTTP2_FLAG_NONE, 0, CONNECTION_WINDOW);
}

static void init_lists(struct http2_connection *connection)
{
    h2o_linklist_init_anchor(&connection->streams);
    h2o_linklist_init_anchor(&connection->urgent);
    h2o_linklist_init_anchor(&connection->bulk);
    h2o_linklist_init_anchor(&connection->sent);
    h2o_linklist_init_anchor(&connection->starting);
}

/* Its client is told that no more streams are taken; those that it opens in the meantime still are. */
static void begin_drain(struct http2_connection *connection)
{
    bool has_asked = nghttp2_session_get_last_proc_stream_id(connection->session) != 0;

    nghttp2_submit_shutdown_notice(connection->session);
    connection->close_at_ns = timers_now_ns(&connection->http2->loop->timers) +
                              (has_asked ? DRAIN_NOTICE_MS : DRAIN_FIRST_MS) * NS_PER_MS;
}

void http2_accept(struct http2 *http2, h2o_hostconf_t **hosts, h2o_socket_t *socket,
                  struct timeval connected_at)
{
    struct http2_connection *connection = (struct http2_connection *)h2o_create_connection(
        sizeof(*connection), http2->context, hosts, connected_at, &conn_callbacks);

    memset((char *)connection + sizeof(connection->super), 0, sizeof(*connection) - sizeof(connection->super));
    connection->http2 = http2;
    connection->socket = socket;
    connection->last_id = INT32_MAX;
    connection->window = connection->initial_window = NGHTTP2_INITIAL_WINDOW_SIZE;
    connection->idle_since_ns = timers_now_ns(&http2->loop->timers);
    init_lists(connection);
    h2o_linklist_insert(&http2->connections, &connection->link);
    metric_add(METRIC_HTTP2_CONNECTIONS, 1);
    if (++http2->count == 1)
        timer_set(&http2->loop->timers, &http2->sweep, http2->draining ? DRAIN_NOTICE_MS * NS_PER_MS : NS_PER_S);
    if (nghttp2_session_server_new2(&connection->session, http2->callbacks, connection, http2->option) != 0) {
        log_error("out of memory");
        abort();
    }
    greet(connection);
    socket->data = connection;
    h2o_socket_read_start(socket, on_read);
    if (http2->draining)
        begin_drain(connection);
    on_read(socket, NULL); /* what has come already is in the socket's buffer */
}

/* --- draining -------------------------------------------------------------------------------------- */

void http2_drain(struct http2 *http2)
{
    http2->draining = true;
    for (h2o_linklist_t *at = http2->connections.next; at != &http2->connections; at = at->next) {
        struct http2_connection *connection = H2O_STRUCT_FROM_MEMBER(struct http2_connection, link, at);
        if (connection->closing)
            continue;
        begin_drain(connection);
        http2_touch(connection);
    }
    if (http2->count != 0)
        timer_set(&http2->loop->timers, &http2->sweep, (DRAIN_NOTICE_MS + 1) * NS_PER_MS);
}
