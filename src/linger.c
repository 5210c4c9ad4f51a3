/* linger.c -- see linger.h. */
#include "linger.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "buffer.h"
#include "worker.h"

struct lingering {
    struct worker *worker;
    int fd;                   /* a duplicate, which outlives libh2o's */
    h2o_socket_t *socket;     /* NULL until libh2o has closed */
    size_t octets;
    struct timer timer;
    uint64_t until_ns;
    void (*over)(struct visitor *visitor);
    struct visitor *visitor;
};

static void finish(struct lingering *linger)
{
    timer_cancel(&linger->worker->loop.timers, &linger->timer);
    h2o_socket_close(linger->socket);
    linger->over(linger->visitor);
    free(linger);
}

static void on_time(struct timer *timer)
{
    finish(H2O_STRUCT_FROM_MEMBER(struct lingering, timer, timer));
}

static void on_read(h2o_socket_t *socket, const char *err)
{
    struct lingering *linger = socket->data;
    struct timers *timers = &linger->worker->loop.timers;

    linger->octets += socket->input->size;
    h2o_buffer_consume(&socket->input, socket->input->size);
    if (err != NULL || linger->octets > linger->worker->options->max_body ||
        timers_now_ns(timers) >= linger->until_ns)
        finish(linger);
    else
        timer_set(timers, &linger->timer, LINGER_SILENCE_MS * NS_PER_MS);
}

void linger_begin(struct lingering *linger, void (*over)(struct visitor *visitor), struct visitor *visitor)
{
    struct loop *loop = &linger->worker->loop;

    linger->over = over;
    linger->visitor = visitor;
    shutdown(linger->fd, SHUT_WR);
    linger->socket = h2o_evloop_socket_create(loop->evloop, linger->fd, 0);
    linger->socket->data = linger;
    linger->timer.fire = on_time;
    linger->until_ns = timers_now_ns(&loop->timers) + linger->worker->options->slow_time_ms * NS_PER_MS;
    timer_set(&loop->timers, &linger->timer, LINGER_SILENCE_MS * NS_PER_MS);
    h2o_socket_read_start(linger->socket, on_read);
}

void linger_later(h2o_req_t *req)
{
    struct visitor *visitor = visitor_of(req);
    int fd;

    /* Without a descriptor it is closed as ever. */
    if (visitor->linger != NULL ||
        (fd = fcntl(h2o_socket_get_fd(req->conn->callbacks->get_socket(req->conn)), F_DUPFD_CLOEXEC, 0)) == -1)
        return;
    visitor->linger = must_alloc(sizeof(*visitor->linger));
    visitor->linger->worker = worker_of(req);
    visitor->linger->fd = fd;
}
