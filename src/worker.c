/* worker.c -- see worker.h. */
#include "worker.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "metrics.h"
#include "router.h"
#include "server.h"
#include "supervisor.h"

enum { TICK_MS = 1000, DRAIN_TICK_MS = 20, DRAIN_GRACE_MS = 1000 };

struct worker *worker_of(h2o_req_t *req)
{
    return H2O_STRUCT_FROM_MEMBER(struct worker, context, req->conn->ctx);
}

struct loop *worker_loop(struct worker *worker)
{
    return &worker->loop;
}

/* --- to the core ------------------------------------------------------------------------------ */

static void watch(struct hub *hub, struct call *call)
{
    struct worker *worker = hub->data;
    core_watch(worker->core, worker->index, call);
}

static void unwatch(struct hub *hub, const char *key)
{
    struct worker *worker = hub->data;
    core_unwatch(worker->core, worker->index, key);
}

static void count(void *data, const char *key, uint32_t subscribers)
{
    struct worker *worker = data;
    core_count(worker->core, worker->index, key, subscribers);
}

/* --- from the core ---------------------------------------------------------------------------- */

struct core_message {
    struct message message;
    struct worker *worker;
    struct call *call;     /* names the key; NULL where none is meant */
    struct frame *frame;
    struct routes *routes;
    struct fanout_batch *batch;
    struct problem problem;
    bool away;
};

static struct core_message *create(struct worker *worker, struct call *call)
{
    struct core_message *m = must_alloc(sizeof(*m));

    m->worker = worker;
    m->call = call == NULL ? NULL : call_ref(call);
    return m;
}

static void post(struct core_message *m, void (*run)(struct message *))
{
    loop_post(&m->worker->loop, &m->message, run);
}

static void dispose(struct core_message *m)
{
    call_unref(m->call);
    free(m);
}

static void on_publish(struct message *message)
{
    struct core_message *m = (struct core_message *)message;
    hub_publish(&m->worker->hub, m->call->key, m->frame);
    dispose(m);
}

static void on_gone(struct message *message)
{
    struct core_message *m = (struct core_message *)message;
    hub_gone(&m->worker->hub, m->call->key);
    dispose(m);
}

static void on_failed(struct message *message)
{
    struct core_message *m = (struct core_message *)message;
    hub_failed(&m->worker->hub, m->call->key, &m->problem);
    dispose(m);
}

static void on_opened(struct message *message)
{
    struct core_message *m = (struct core_message *)message;
    hub_opened(&m->worker->hub, m->call->key);
    dispose(m);
}

static void deliver(struct worker *worker, const struct fanout_group *group)
{
    for (size_t i = 0; i < group->target_count; ++i) {
        const struct fanout_target *target = &group->targets[i];
        if ((target->watchers >> worker->index & 1) == 0)
            continue;
        if (group->lost)
            hub_overflowed(&worker->hub, target->call->key);
        else
            hub_events(&worker->hub, target->call->key, group->frames, group->frame_count);
    }
}

static void on_events(struct message *message)
{
    struct core_message *m = (struct core_message *)message;

    for (size_t place = 0; place < FANOUT_PLACES; ++place) {
        for (struct fanout_group *group = m->batch->groups[place]; group != NULL; group = group->hh.next)
            deliver(m->worker, group);
    }
    fanout_batch_unref(m->batch);
    dispose(m);
}

static void on_gap(struct message *message)
{
    struct core_message *m = (struct core_message *)message;
    hub_gap(&m->worker->hub, m->frame);
    frame_unref(m->frame);
    dispose(m);
}

static void on_away(struct message *message)
{
    struct core_message *m = (struct core_message *)message;
    hub_set_away(&m->worker->hub, m->away);
    dispose(m);
}

static void on_routes(struct message *message)
{
    struct core_message *m = (struct core_message *)message;
    routes_unref(m->worker->routes);
    m->worker->routes = m->routes;
    router_release(m->worker);
    dispose(m);
}

void worker_publish(struct worker *worker, struct call *call, struct frame *frame)
{
    struct core_message *m = create(worker, call);
    m->frame = frame;
    post(m, on_publish);
}

void worker_gone(struct worker *worker, struct call *call)
{
    post(create(worker, call), on_gone);
}

void worker_failed(struct worker *worker, struct call *call, const struct problem *problem)
{
    struct core_message *m = create(worker, call);
    m->problem = *problem;
    post(m, on_failed);
}

void worker_opened(struct worker *worker, struct call *call)
{
    post(create(worker, call), on_opened);
}

void worker_events(struct worker *worker, struct fanout_batch *batch)
{
    struct core_message *m = create(worker, NULL);
    m->batch = batch;
    post(m, on_events);
}

void worker_gap(struct worker *worker, struct frame *frame)
{
    struct core_message *m = create(worker, NULL);
    m->frame = frame;
    post(m, on_gap);
}

void worker_set_away(struct worker *worker, bool away)
{
    struct core_message *m = create(worker, NULL);
    m->away = away;
    post(m, on_away);
}

void worker_set_routes(struct worker *worker, struct routes *routes)
{
    struct core_message *m = create(worker, NULL);
    m->routes = routes;
    post(m, on_routes);
}

/* --- life ------------------------------------------------------------------------------------- */

/* Requests that come in, that wait, answers that are being written, streams that are ending. For a
 * moment every connection is waited for, one that is new and one that is idle, too: a request may be
 * on its way, and gets an answer that says that it was the last. The moment is one of this loop's turns, not
 * of the clock: while it was kept from turning it has read nothing. */
static bool is_busy(struct worker *worker)
{
    if (worker->drain_ticks++ < DRAIN_GRACE_MS / DRAIN_TICK_MS && door_connections(&worker->door) != 0)
        return true;
    return door_is_open(&worker->door) || worker->asking + worker->streams.count + worker->http2.count != 0 ||
           patrol_count(&worker->patrol) != 0;
}

static void on_tick(struct timer *timer)
{
    struct worker *worker = H2O_STRUCT_FROM_MEMBER(struct worker, tick, timer);

    supervisor_alive(worker->index);
    hub_counts(&worker->hub, count, worker);
    if (worker->on_drained == NULL) {
        timer_set(&worker->loop.timers, timer, TICK_MS * NS_PER_MS);
    } else if (is_busy(worker)) {
        timer_set(&worker->loop.timers, timer, DRAIN_TICK_MS * NS_PER_MS);
    } else {
        supervisor_left(worker->index);
        loop_stop(&worker->loop);
        loop_post(&worker->core->loop, &worker->drained, worker->on_drained);
    }
}

struct renew_message {
    struct message message;
    struct worker *worker;
    SSL_CTX *tls;
};

static void on_renew(struct message *message)
{
    struct renew_message *m = (struct renew_message *)message;

    door_renew(&m->worker->door, m->tls);
    SSL_CTX_free(m->tls);
    free(m);
}

void worker_renew(struct worker *worker, SSL_CTX *tls)
{
    struct renew_message *m = must_alloc(sizeof(*m));

    m->worker = worker;
    m->tls = tls;
    loop_post(&worker->loop, &m->message, on_renew);
}

/* Of what has a beginning and an end: to open, to drain. */
struct life_message {
    struct message message;
    struct worker *worker;
    void (*done)(struct message *message);
};

static void post_life(struct worker *worker, void (*done)(struct message *), void (*run)(struct message *))
{
    struct life_message *m = must_alloc(sizeof(*m));

    m->worker = worker;
    m->done = done;
    loop_post(&worker->loop, &m->message, run);
}

static void on_open(struct message *message)
{
    struct life_message *m = (struct life_message *)message;
    struct worker *worker = m->worker;

    door_open(&worker->door);
    if (m->done != NULL)
        loop_post(&worker->core->loop, &worker->opened, m->done);
    free(m);
}

void worker_open(struct worker *worker, void (*done)(struct message *message))
{
    post_life(worker, done, on_open);
}

static void on_drain(struct message *message)
{
    struct life_message *m = (struct life_message *)message;
    struct worker *worker = m->worker;

    worker->on_drained = m->done;
    free(m);
    door_close(&worker->door, worker->core->open); /* the core does not open any more */
    h2o_context_request_shutdown(&worker->context);
    router_postpone(worker);
    streams_drain(&worker->streams);
    http2_drain(&worker->http2);
    timer_set(&worker->loop.timers, &worker->tick, 0);
}

void worker_drain(struct worker *worker, void (*done)(struct message *message))
{
    post_life(worker, done, on_drain);
}

/* On the worker's own thread (loop_init()). */
static void init(struct worker *worker)
{
    struct server *server = worker->server;
    const struct options *options = worker->options;

    loop_init(&worker->loop);
    h2o_context_init(&worker->context, worker->loop.evloop, &server->config);
    hub_init(&worker->hub);
    worker->hub.watch = watch;
    worker->hub.unwatch = unwatch;
    worker->hub.data = worker;
    streams_init(&worker->streams, &worker->loop, &worker->hub, options);
    h2o_linklist_init_anchor(&worker->held);
    worker->tick.fire = on_tick;
    timer_set(&worker->loop.timers, &worker->tick, TICK_MS * NS_PER_MS);
    http2_init(&worker->http2, &worker->loop, &worker->context, options);
    turns_init(&worker->turns, &worker->loop);
    patrol_init(&worker->patrol, &worker->loop, &worker->context, options);
    door_init(&worker->door, &worker->loop, &worker->patrol, options->max_connections / options->threads + 1);
    for (size_t i = 0; i < server->listening_count; ++i)
        door_add(&worker->door, &server->listening[i], &worker->http2, server->host, NULL);
    for (size_t i = 0; i < server->tls_count; ++i) {
        SSL_CTX_up_ref(server->tls);
        door_add(&worker->door, &server->tls_listening[i], &worker->http2, server->host, server->tls);
    }
    for (size_t i = 0; worker->index == 0 && i < server->admin_count; ++i)
        door_add(&worker->door, &server->admin[i], &worker->http2, server->admin_host, NULL);
}

static void wait_for(sem_t *event)
{
    while (sem_wait(event) != 0)
        assert(errno == EINTR);
}

static void *run(void *arg)
{
    struct worker *worker = arg;

    metrics_register_thread();
    init(worker);
    sem_post(&worker->created);
    wait_for(&worker->started);
    loop_run(&worker->loop);
    return NULL;
}

struct worker *worker_create(struct core *core, const struct options *options, unsigned index,
                             struct server *server)
{
    struct worker *worker = must_alloc(sizeof(*worker));

    worker->core = core;
    worker->options = options;
    worker->index = index;
    worker->server = server;
    sem_init(&worker->created, 0, 0);
    sem_init(&worker->started, 0, 0);
    if (pthread_create(&worker->thread, NULL, run, worker) != 0) {
        log_error("pthread_create: %s", strerror(errno));
        exit(1);
    }
    wait_for(&worker->created);
    return worker;
}

void worker_start(struct worker *worker)
{
    sem_post(&worker->started);
}
