/* opening.c -- see opening.h. */
#include "opening.h"

#include "log.h"
#include "supervisor.h"
#include "worker.h"

static struct core *core;
static struct server *server;
static struct timer waiting; /* set while no door is open */
static unsigned opened;      /* workers that serve */
static bool stopped;

static void open_all(void (*done)(struct message *))
{
    timer_cancel(&core->loop.timers, &waiting);
    for (unsigned i = 0; i < core->options->threads; ++i)
        worker_open(core->workers[i], done);
}

static void on_opened(struct message *message)
{
    (void)message;
    if (++opened != core->options->threads || stopped)
        return;
    server_is_ready(server);
    core_opened(core);
    supervisor_ready();
}

static void on_waited(struct timer *timer)
{
    if (core_is_failing(core)) {
        log_notice("the database keeps us waiting: clients are let in, and told so");
        open_all(NULL);
    } else {
        timer_set(&core->loop.timers, timer, OPENING_LOOK_MS * NS_PER_MS);
    }
}

void opening_init(struct core *the_core, struct server *the_server)
{
    core = the_core;
    server = the_server;
    waiting.fire = on_waited;
    timer_set(&core->loop.timers, &waiting, OPENING_WAIT_MS * NS_PER_MS);
}

void opening_ready(void)
{
    if (!stopped)
        open_all(on_opened);
}

void opening_stop(void)
{
    stopped = true;
    timer_cancel(&core->loop.timers, &waiting);
}
