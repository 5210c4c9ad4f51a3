/* core.h -- the thread that talks to PostgreSQL.
 *
 * The core owns the pool, the listener, the routes and the mirrors; nobody else touches them.
 * Workers own connections and subscribers. They meet in messages: a worker says watch, unwatch,
 * count and ask; the core says publish, opened, events, gone, failed, away, routes and answer. A change takes this
 * way: listener -> mirror -> one read -> one frame -> one message for each worker that has
 * subscribers of the key.
 */
#ifndef PGCRIER_CORE_H
#define PGCRIER_CORE_H

#include "alias.h"
#include "events.h"
#include "inlined.h"
#include "listener.h"
#include "mirror.h"
#include "options.h"
#include "pool.h"
#include "report.h"
#include "upkeep.h"

enum { SCHEMA_VERSION = 2 };

struct stream;
struct worker;

struct core {
    struct loop loop;
    const struct options *options;
    struct pool pool;
    struct listener listener;
    struct mirrors mirrors;
    struct events events;
    struct aliases aliases;
    struct report report;
    struct upkeep upkeep;
    struct routes *routes;        /* newest; NULL before the first */
    struct routes *routes_next;   /* for them LISTEN has yet to come in force; or NULL */
    struct pool_job routes_job;
    bool routes_loading;
    bool routes_due;              /* they changed while they were being loaded */
    struct timer routes_retry;    /* set while the last attempt has failed */
    unsigned char secret[INLINED_SECRET]; /* signs inline notifications */
    bool has_secret;
    char listener_error[512];     /* the last one that was logged */
    bool ready;                   /* routes are loaded and the canary came back, once at least */
    bool open;                    /* and the workers serve what comes */
    char id[37];                  /* a random UUID, as text */
    struct worker **workers;      /* options->threads of them */
    int exit_status;
    /* Called once when the core can serve. */
    void (*on_ready)(struct core *core);
    /* Called once when the core cannot go on; exit_status is set. */
    void (*on_fatal)(struct core *core);
};

void core_init(struct core *core, const struct options *options);
void core_start(struct core *core);
/* Any thread: listening, routes known, the pool up, and every worker open to clients. */
bool core_is_ready(void);
/* The workers are open: the relay is ready, and the log says so. */
void core_opened(struct core *core);
/* Something that it takes to be ready has failed, and is tried again. */
bool core_is_failing(const struct core *core);
/* Takes the relay's rows out of the database; then, or when that fails, stops the loop. */
void core_stop(struct core *core);

/* --- from a worker's thread ------------------------------------------------------------------- */

void core_watch(struct core *core, unsigned worker, struct call *call);
void core_unwatch(struct core *core, unsigned worker, const char *key);
void core_count(struct core *core, unsigned worker, const char *key, uint32_t subscribers);

/* A question of a worker, embedded in what waits for the answer. */
struct ask {
    struct message message;
    struct worker *worker;
    struct call *call;       /* a reference; replaced by one with a key */
    bool key_only;           /* a stream wants its key, and waits for the database if need be */
    struct stream *_Atomic stream; /* that one; NULL once it is gone: nobody waits any more */
    struct frame *frame;     /* the answer: a reference, or NULL */
    struct problem problem;  /* status 0 when all is well */
    /* On the worker's thread; owns the ask from then on. */
    void (*answered)(struct ask *ask);
    /* The core's. */
    struct core *core;
    struct mirror_waiter waiter;
    h2o_linklist_t link;
};

void core_ask(struct core *core, struct ask *ask);

#endif
