/* worker.h -- a thread that serves clients.
 *
 * A worker has a loop, libh2o's context, a hub and its streams. What the core tells it comes by
 * message; the functions of the second group may be called from the core's thread.
 */
#ifndef PGCRIER_WORKER_H
#define PGCRIER_WORKER_H

#include <pthread.h>
#include <semaphore.h>
#include "core.h"
#include "door.h"
#include "http2.h"
#include "hub.h"
#include "stream.h"
#include "turn.h"

struct server;

struct worker {
    struct loop loop;
    h2o_context_t context;
    struct core *core;
    const struct options *options;
    unsigned index;
    struct server *server;
    pthread_t thread;
    sem_t created, started;     /* the thread tells, and is told */
    struct hub hub;
    struct streams streams;
    struct routes *routes;      /* NULL before the first */
    h2o_linklist_t held;        /* requests for streams that came before the routes */
    size_t asking;              /* requests that wait for the core */
    struct http2 http2;
    struct patrol patrol;
    struct turns turns;
    struct door door;
    struct timer tick;          /* once a second: counts; while draining, more often */
    struct message opened;      /* posted to the core when the door is open */
    struct message drained;     /* posted to the core when draining is over */
    unsigned drain_ticks;       /* so many have been */
    void (*on_drained)(struct message *message); /* NULL unless draining */
};

struct worker *worker_create(struct core *core, const struct options *options, unsigned index,
                             struct server *server);
/* Lets the thread, which has made everything of the worker's, serve. */
void worker_start(struct worker *worker);
struct worker *worker_of(h2o_req_t *req);
struct loop *worker_loop(struct worker *worker);

/* --- from the core's thread ------------------------------------------------------------------- */

void worker_publish(struct worker *worker, struct call *call, struct frame *frame); /* takes the frame */
void worker_gone(struct worker *worker, struct call *call);
void worker_failed(struct worker *worker, struct call *call, const struct problem *problem);
/* The channel is relayed to this worker from now on. */
void worker_opened(struct worker *worker, struct call *call);
void worker_events(struct worker *worker, struct fanout_batch *batch); /* takes the reference */
void worker_gap(struct worker *worker, struct frame *frame); /* takes the reference */
void worker_set_away(struct worker *worker, bool away);
void worker_set_routes(struct worker *worker, struct routes *routes); /* takes the reference */
/* New TLS connections get this certificate; takes the reference. */
void worker_renew(struct worker *worker, SSL_CTX *tls);
/* Lets clients in who were kept waiting (door_open()), behind whatever was posted before; then `done`, unless
 * NULL, runs on the core's. Once with each of the two. */
void worker_open(struct worker *worker, void (*done)(struct message *message));
/* Accepts no more, ends streams and requests; then the thread ends and `done` runs on the core's. */
void worker_drain(struct worker *worker, void (*done)(struct message *message));

#endif
