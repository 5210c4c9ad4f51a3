/* accept.c -- see accept.h. */
#include "accept.h"

#include <h2o/http1.h>
#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "door.h"
#include "metrics.h"

static const char preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
enum { PREFACE = sizeof(preface) - 1 };

/* A connection that has not said yet what it speaks. */
struct arrival {
    struct reception *reception;
    h2o_socket_t *socket;
    SSL_CTX *tls; /* libh2o keeps the pointer alone until the client has said hello */
    struct timeval connected_at;
    struct timer timer;
};

static void forget(struct arrival *arrival)
{
    timer_cancel(&arrival->reception->http2->loop->timers, &arrival->timer);
    SSL_CTX_free(arrival->tls);
    free(arrival);
}

static void give_up(struct arrival *arrival)
{
    h2o_socket_t *socket = arrival->socket;

    forget(arrival);
    h2o_socket_close(socket);
}

static void on_time(struct timer *timer)
{
    give_up(H2O_STRUCT_FROM_MEMBER(struct arrival, timer, timer));
}

static void go_on(struct arrival *arrival, bool http2)
{
    struct reception *reception = arrival->reception;
    h2o_socket_t *socket = arrival->socket;
    struct timeval connected_at = arrival->connected_at;

    forget(arrival);
    if (http2) {
        http2_accept(reception->http2, reception->hosts, socket, connected_at);
    } else {
        visitor_is_http1(socket);
        h2o_http1_accept(&reception->http1, socket, connected_at);
    }
}

/* Both protocols take what is in the socket's buffer. */
static void on_first_bytes(h2o_socket_t *socket, const char *err)
{
    struct arrival *arrival = socket->data;
    size_t size = socket->input->size < PREFACE ? socket->input->size : PREFACE;

    if (err != NULL) {
        give_up(arrival);
        return;
    }
    if (memcmp(socket->input->bytes, preface, size) != 0) {
        h2o_socket_read_stop(socket);
        go_on(arrival, false);
    } else if (size == PREFACE) {
        h2o_socket_read_stop(socket);
        go_on(arrival, true);
    }
}

static void on_handshake(h2o_socket_t *socket, const char *err)
{
    struct arrival *arrival = socket->data;
    h2o_iovec_t protocol;

    if (err != NULL) {
        metric_add(METRIC_TLS_FAILURES, 1);
        give_up(arrival);
        return;
    }
    protocol = h2o_socket_ssl_get_selected_protocol(socket);
    go_on(arrival, h2o_memis(protocol.base, protocol.len, H2O_STRLIT("h2")));
}

void accept_start(struct reception *reception, h2o_socket_t *socket)
{
    struct http2 *http2 = reception->http2;
    struct arrival *arrival = must_alloc(sizeof(*arrival));

    arrival->reception = reception;
    arrival->socket = socket;
    arrival->timer.fire = on_time;
    gettimeofday(&arrival->connected_at, NULL);
    timer_set(&http2->loop->timers, &arrival->timer, http2->options->head_time_ms * NS_PER_MS);
    socket->data = arrival;
    if ((arrival->tls = reception->tls) != NULL)
        SSL_CTX_up_ref(arrival->tls);
    if (arrival->tls != NULL)
        h2o_socket_ssl_handshake(socket, reception->tls, NULL, on_handshake);
    else
        h2o_socket_read_start(socket, on_first_bytes);
}

void reception_init(struct reception *reception, struct http2 *http2, h2o_hostconf_t *host, SSL_CTX *tls)
{
    *reception = (struct reception){.http2 = http2, .hosts = {host}, .tls = tls};
    reception->http1 = (h2o_accept_ctx_t){.ctx = http2->context, .hosts = reception->hosts};
}

void reception_renew(struct reception *reception, SSL_CTX *tls)
{
    SSL_CTX_free(reception->tls);
    reception->tls = tls;
}
