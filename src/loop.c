/* loop.c -- see loop.h. */
#include "loop.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "buffer.h"
#include "log.h"

static struct loop *loop_of(struct timers *timers)
{
    return H2O_STRUCT_FROM_MEMBER(struct loop, timers, timers);
}

static void arm(struct timers *timers)
{
    struct loop *loop = loop_of(timers);
    struct itimerspec when = {{0, 0}, {0, 0}}; /* disarmed */
    uint64_t next = timers_next_ns(timers);

    if (next != UINT64_MAX) {
        /* One nanosecond late, because timers_run() fires what lies before now. */
        when.it_value.tv_sec = (time_t)((next + 1) / NS_PER_S);
        when.it_value.tv_nsec = (long)((next + 1) % NS_PER_S);
    }
    timerfd_settime(h2o_socket_get_fd(loop->timer_socket), TFD_TIMER_ABSTIME, &when, NULL);
}

static void on_timer(h2o_socket_t *socket, const char *err)
{
    struct loop *loop = socket->data;
    uint64_t expirations;

    (void)err;
    if (read(h2o_socket_get_fd(socket), &expirations, sizeof(expirations)) == -1 && errno != EAGAIN)
        log_error("timerfd: %s", strerror(errno));
    timers_run(&loop->timers);
}

static void on_messages(h2o_multithread_receiver_t *receiver, h2o_linklist_t *messages)
{
    (void)receiver;
    while (!h2o_linklist_is_empty(messages)) {
        h2o_multithread_message_t *super =
            H2O_STRUCT_FROM_MEMBER(h2o_multithread_message_t, link, messages->next);
        struct message *message = H2O_STRUCT_FROM_MEMBER(struct message, super, super);
        h2o_linklist_unlink(&super->link);
        message->run(message);
    }
}

h2o_socket_t *loop_watch(struct loop *loop, int fd, h2o_socket_cb on_readable, void *data)
{
    h2o_socket_t *socket = h2o_evloop_socket_create(loop->evloop, fd, H2O_SOCKET_FLAG_DONT_READ);
    socket->data = data;
    h2o_socket_read_start(socket, on_readable);
    return socket;
}

void loop_init(struct loop *loop)
{
    int fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);

    memset(loop, 0, sizeof(*loop));
    if (fd == -1) {
        log_error("timerfd_create: %s", strerror(errno));
        exit(1);
    }
    loop->thread = pthread_self();
    loop->evloop = h2o_evloop_create();
    loop->timer_socket = loop_watch(loop, fd, on_timer, loop);
    timers_init(&loop->timers, monotonic_ns);
    loop->timers.on_next_changed = arm;
    loop->queue = h2o_multithread_create_queue(loop->evloop);
    h2o_multithread_register_receiver(loop->queue, &loop->receiver, on_messages);
}

void loop_run(struct loop *loop)
{
    /* The recycled input buffers are thread-local: two threads that share them corrupt the heap. */
    assert(pthread_equal(loop->thread, pthread_self()));
    /* -1 is EINTR (libh2o, epoll.c.h:evloop_do_proceed): signals are read elsewhere, go on. */
    while (!loop->stopped) {
        h2o_evloop_run(loop->evloop, INT32_MAX);
        ++loop->turn;
    }
    /* What was closed in the last turn is freed at the beginning of the next. */
    h2o_evloop_run(loop->evloop, 0);
}

void loop_stop(struct loop *loop)
{
    loop->stopped = true;
}

void loop_post(struct loop *loop, struct message *message, void (*run)(struct message *message))
{
    message->super = (h2o_multithread_message_t){{NULL, NULL}};
    message->run = run;
    h2o_multithread_send_message(&loop->receiver, &message->super);
}
