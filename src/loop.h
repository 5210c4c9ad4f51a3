/* loop.h -- one thread's event loop: libh2o's, with monotonic timers and a mailbox.
 *
 * Everything in pgcrier belongs to exactly one loop and is touched by its thread only. Threads
 * meet in one way: a message is posted to the other loop and runs there. Messages between two
 * loops arrive in the order in which they were posted.
 */
#ifndef PGCRIER_LOOP_H
#define PGCRIER_LOOP_H

#include <pthread.h>
#include <stdbool.h>
#include <h2o.h>
#include "timer.h"

/* Embedded first in what is sent; run() is called on the receiving thread and owns the message. */
struct message {
    h2o_multithread_message_t super;
    void (*run)(struct message *message);
};

struct loop {
    h2o_evloop_t *evloop;
    struct timers timers;
    h2o_socket_t *timer_socket;       /* a timerfd */
    h2o_multithread_queue_t *queue;
    h2o_multithread_receiver_t receiver;
    pthread_t thread;                 /* the one that made it */
    uint64_t turn;                    /* how often it has come round */
    bool stopped;
};

/* On the thread that will run it: libh2o ties a socket's input to the thread that made the socket. */
void loop_init(struct loop *loop);
/* Runs until loop_stop() is called on this thread (from a callback or a message). */
void loop_run(struct loop *loop);
void loop_stop(struct loop *loop);
/* Posts a message; callable from any thread. */
void loop_post(struct loop *loop, struct message *message, void (*run)(struct message *message));
/* Wraps a descriptor for reading readiness only: the caller reads it. The socket owns the fd. */
h2o_socket_t *loop_watch(struct loop *loop, int fd, h2o_socket_cb on_readable, void *data);

#endif
