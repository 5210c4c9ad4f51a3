/* main.c -- options, signals, start, drain.
 *
 * The main thread is the core's. SIGTERM and SIGINT drain: no new connections, requests are
 * finished, streams end on an event boundary so that their clients reconnect elsewhere; after the
 * drain's time, or at a second signal, the process ends whatever is left. Nothing is lost by that:
 * all state is in the database.
 */
#include <errno.h>
#include <libpq-fe.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "activation.h"
#include "bodies.h"
#include "client.h"
#include "core.h"
#include "log.h"
#include "metrics.h"
#include "opening.h"
#include "server.h"
#include "supervisor.h"
#include "worker.h"

enum { LARGE_BLOCK = 1 << 20 /* octets: from here on each has pages of its own, and returns them */ };

/* Reachable to the end: the process's memory goes with the process. */
static struct options options;
static struct server server;
static struct core core;
static bool draining;
static unsigned drained;
static struct timer deadline;
static h2o_socket_t *signals;

static void on_deadline(struct timer *timer)
{
    (void)timer;
    log_warning("the drain took too long: what is left is cut");
    _exit(core.exit_status);
}

static void on_drained(struct message *message)
{
    (void)message;
    if (++drained == options.threads)
        core_stop(&core);
}

static void drain(void)
{
    if (draining) {
        log_notice("told to stop again: now");
        _exit(core.exit_status);
    }
    draining = true;
    log_notice("draining");
    supervisor_stopping();
    opening_stop();
    server_unlink(&server);
    deadline.fire = on_deadline;
    timer_set(&core.loop.timers, &deadline, options.drain_ms * NS_PER_MS);
    for (unsigned i = 0; i < options.threads; ++i)
        worker_drain(core.workers[i], on_drained);
}

static void on_ready(struct core *ready)
{
    (void)ready;
    opening_ready();
}

static void on_fatal(struct core *failed)
{
    /* Nothing was served yet: there is nothing to drain. */
    _exit(failed->exit_status);
}

static void reload(void)
{
    char err[512];

    if (server.tls == NULL) {
        log_notice("SIGHUP: there is nothing to reload");
        return;
    }
    if (server_reload(&server, &options, err, sizeof(err)) != 0) {
        log_error("SIGHUP: the old certificate stays: %s", err);
        return;
    }
    for (unsigned i = 0; i < options.threads; ++i) {
        SSL_CTX_up_ref(server.tls);
        worker_renew(core.workers[i], server.tls);
    }
    log_notice("SIGHUP: new connections get the new certificate");
}

static void on_signal(h2o_socket_t *socket, const char *err)
{
    struct signalfd_siginfo info;

    (void)err;
    while (read(h2o_socket_get_fd(socket), &info, sizeof(info)) == sizeof(info)) {
        if (info.ssi_signo == SIGHUP)
            reload();
        else
            drain();
    }
}

/* Signals are blocked in every thread and read here like any other input. */
static void watch_signals(void)
{
    sigset_t set;
    int fd;

    signal(SIGPIPE, SIG_IGN);
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    if ((fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC)) == -1) {
        log_error("signalfd: %s", strerror(errno));
        exit(1);
    }
    signals = loop_watch(&core.loop, fd, on_signal, NULL);
}

/* What libpq cannot even read will not become right by trying again. */
static int check_conninfo(const char *option, const char *conninfo)
{
    PQconninfoOption *parsed = PQconninfoParse(conninfo, NULL);

    PQconninfoFree(parsed);
    if (parsed != NULL)
        return 0;
    log_error("--%s: neither a URL nor a conninfo of PostgreSQL", option); /* it may hold a password */
    return -1;
}

/* As many descriptors as the system allows, and connections within them. */
static void set_limits(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
        getrlimit(RLIMIT_NOFILE, &limit);
    unsigned room = limit.rlim_cur > 1000000 ? 1000000 : (unsigned)limit.rlim_cur;
    room = room > 2 * DOOR_RESERVED_FDS ? room - DOOR_RESERVED_FDS : room / 2;
    if (options.max_connections == 0 || options.max_connections > room)
        options.max_connections = room;
}

/* glibc would learn from the first large body that such blocks are common, and never give them back. */
static void set_allocation(void)
{
#ifdef __GLIBC__
    mallopt(M_MMAP_THRESHOLD, LARGE_BLOCK);
#endif
}

int main(int argc, char **argv)
{
    char err[512];
    int status;

    if (options_parse(&options, argc, argv, &status) != 0)
        return status;
    log_set_level(options.log_level);
    if (check_conninfo("database", options.database) != 0 ||
        (options.listen_database != NULL && check_conninfo("listen-database", options.listen_database) != 0))
        return 2;
    set_limits();
    set_allocation();
    activation_init();
    h2o_srand(); /* jitter that differs from the next relay's */
    metrics_register_thread();
    clients_init(&options);
    bodies_init(options.body_budget);
    core_init(&core, &options);
    supervisor_init(&core.loop, options.threads);
    core.on_ready = on_ready;
    core.on_fatal = on_fatal;
    watch_signals();
    if (server_init(&server, &options, err, sizeof(err)) != 0) {
        log_error("%s", err);
        return 2;
    }
    core.workers = must_alloc(options.threads * sizeof(*core.workers));
    for (unsigned i = 0; i < options.threads; ++i)
        core.workers[i] = worker_create(&core, &options, i, &server);
    server_hand_over(&server);
    opening_init(&core, &server);
    for (unsigned i = 0; i < options.threads; ++i)
        worker_start(core.workers[i]);
    core_start(&core);
    loop_run(&core.loop);
    for (unsigned i = 0; i < options.threads; ++i)
        pthread_join(core.workers[i]->thread, NULL);
    h2o_socket_close(signals);
    log_notice("stopped");
    return core.exit_status;
}
