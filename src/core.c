/* core.c -- see core.h. */
#include "core_private.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "log.h"
#include "metrics.h"
#include "notification.h"
#include "worker.h"

static atomic_bool is_ready;

bool core_is_ready(void)
{
    return atomic_load_explicit(&is_ready, memory_order_relaxed);
}

void core_update_ready(struct core *core)
{
    bool ready = core->listener.heard && core->routes != NULL && core->pool.state == POOL_UP;

    atomic_store_explicit(&is_ready, ready && core->open, memory_order_relaxed);
    if (ready && !core->ready) {
        core->ready = true;
        core->on_ready(core);
    }
}

void core_opened(struct core *core)
{
    core->open = true;
    log_notice("ready");
    core_update_ready(core);
}

bool core_is_failing(const struct core *core)
{
    return core->pool.state == POOL_DOWN || core->listener_error[0] != '\0' || timer_is_set(&core->routes_retry);
}

void core_fail(struct core *core, int status)
{
    core->exit_status = status;
    core->on_fatal(core);
}

/* --- fan-out: one message for each worker that watches ----------------------------------------- */

#define FOR_EACH_WATCHER(core, watchers, worker)                                                   \
    for (unsigned i_ = 0; i_ < (core)->options->threads; ++i_)                                     \
        if (((watchers) >> i_ & 1) != 0)                                                           \
            for (struct worker *worker = (core)->workers[i_]; worker != NULL; worker = NULL)

static void publish(struct mirror *mirror, uint64_t watchers)
{
    struct core *core = mirror->set->data;

    FOR_EACH_WATCHER(core, watchers, worker)
        worker_publish(worker, mirror->call, frame_ref(mirror->frame));
}

static void gone(struct mirror *mirror, uint64_t watchers)
{
    struct core *core = mirror->set->data;

    FOR_EACH_WATCHER(core, watchers, worker)
        worker_gone(worker, mirror->call);
}

static void failed(struct mirror *mirror, uint64_t watchers, const struct problem *problem)
{
    struct core *core = mirror->set->data;

    FOR_EACH_WATCHER(core, watchers, worker)
        worker_failed(worker, mirror->call, problem);
}

static void dropped(struct mirror *mirror)
{
    struct core *core = mirror->set->data;
    report_end_key(&core->report, mirror);
}

static const struct mirror_ops mirror_ops = {core_read, publish, gone, dropped, failed, core_hasten_read};

/* --- the database comes and goes ---------------------------------------------------------------- */

static void on_pool_state(struct pool *pool, bool up, const char *err)
{
    struct core *core = pool->data;

    if (up)
        log_notice("database: connected");
    else
        log_error("database: away: %s", err);
    for (unsigned i = 0; i < core->options->threads; ++i)
        worker_set_away(core->workers[i], !up);
    mirrors_set_away(&core->mirrors, !up);
    if (up) {
        aliases_resume(&core->aliases);
        if (timer_is_set(&core->routes_retry))
            core_load_routes(core);
    }
    core_update_ready(core);
}

static void on_listening(struct listener *listener)
{
    struct core *core = listener->data;

    core->listener_error[0] = '\0';
    log_notice("listening to the database");
    events_after_gap(&core->events);
    mirrors_resynchronise(&core->mirrors);
    core_load_routes(core);
}

static void on_channels(struct listener *listener)
{
    core_install_routes(listener->data);
}

static void on_heard(struct listener *listener)
{
    core_update_ready(listener->data);
}

static void on_listener_lost(struct listener *listener, const char *err)
{
    struct core *core = listener->data;

    if (strcmp(core->listener_error, err) != 0) /* once, not at every attempt */
        log_error("database: not listening: %s", err);
    snprintf(core->listener_error, sizeof(core->listener_error), "%s", err);
    if (!core->ready && strstr(err, "pooler") != NULL)
        core_fail(core, 1); /* it would never hear anything */
    core_install_routes(core);
    core_update_ready(core);
}

static void on_template(struct core *core, const char *text)
{
    const char *err;
    struct path_template *template = path_template_parse(text, &err);

    if (template != NULL)
        mirrors_touch_template(&core->mirrors, template);
    path_template_free(template);
}

/* False when it is no inline notification at all. */
static bool on_inline(struct core *core, char *payload)
{
    struct inlined n;

    if (!inlined_decode(&n, payload, strlen(payload), core->has_secret ? core->secret : NULL))
        return false;
    metric_add(METRIC_NOTIFICATIONS_INLINE, 1);
    if (n.genuine) {
        mirrors_apply(&core->mirrors, &n);
    } else {
        metric_add(METRIC_INLINE_UNSIGNED, 1);
        mirrors_touch(&core->mirrors, n.topic);
    }
    inlined_dispose(&n);
    return true;
}

static void on_notification(struct listener *listener, const char *channel, char *payload)
{
    static const enum metric metric_of[] = {
        [NOTIFICATION_UNKNOWN] = METRIC_NOTIFICATIONS_UNKNOWN,
        [NOTIFICATION_TOPIC] = METRIC_NOTIFICATIONS_TOPIC,
        [NOTIFICATION_TEMPLATE] = METRIC_NOTIFICATIONS_TEMPLATE,
        [NOTIFICATION_ROUTES] = METRIC_NOTIFICATIONS_ROUTES,
        [NOTIFICATION_ANNOUNCEMENT] = METRIC_NOTIFICATIONS_ANNOUNCEMENT,
    };
    struct core *core = listener->data;
    struct notification n;

    if (strcmp(channel, "crier") != 0) {
        metric_add(METRIC_NOTIFICATIONS_CHANNEL, 1);
        events_notified(&core->events, channel, payload);
        return;
    }
    if (on_inline(core, payload))
        return;
    notification_decode(&n, payload, strlen(payload));
    if (n.kind == NOTIFICATION_ANNOUNCEMENT && !events_announced(&core->events, &n))
        notification_dispose(&n); /* unknown is what it is then */
    metric_add(metric_of[n.kind], 1);
    if (n.kind == NOTIFICATION_TOPIC)
        mirrors_touch(&core->mirrors, n.text);
    else if (n.kind == NOTIFICATION_TEMPLATE)
        on_template(core, n.text);
    else if (n.kind == NOTIFICATION_ROUTES)
        core_load_routes(core);
    notification_dispose(&n);
}

static void on_drained(struct listener *listener)
{
    struct core *core = listener->data;
    events_flush(&core->events);
}

/* --- messages of workers ------------------------------------------------------------------------ */

struct worker_message {
    struct message message;
    struct core *core;
    unsigned worker;
    uint32_t subscribers;
    struct call *call; /* of watch */
    char key[];        /* of the others */
};

static void post(struct core *core, unsigned worker, const char *key, struct call *call,
                 uint32_t subscribers, void (*run)(struct message *))
{
    size_t size = strlen(key) + 1;
    struct worker_message *m = must_alloc(sizeof(*m) + size);

    m->core = core;
    m->worker = worker;
    m->subscribers = subscribers;
    m->call = call;
    memcpy(m->key, key, size);
    loop_post(&core->loop, &m->message, run);
}

/* A worker may have used a table of routes that is not the newest any more. The same call of the
 * newest definition, a reference; NULL when its route is gone. */
static struct call *call_of_today(struct core *core, struct call *call)
{
    struct route *route = routes_find(core->routes, call->route);

    if (route == NULL)
        return NULL;
    return route == call->route ? call_ref(call) : call_with_route(call, route);
}

static void on_watch(struct message *message)
{
    struct worker_message *m = (struct worker_message *)message;
    struct core *core = m->core;
    struct call *call = call_of_today(core, m->call);

    if (call == NULL)
        worker_gone(core->workers[m->worker], m->call);
    else if (call->route->kind == ROUTE_CHANNEL)
        events_watch(&core->events, m->worker, call);
    else
        mirror_watch(mirrors_get(&core->mirrors, call), m->worker);
    call_unref(call);
    call_unref(m->call);
    free(m);
}

static void on_unwatch(struct message *message)
{
    struct worker_message *m = (struct worker_message *)message;
    struct mirror *mirror = mirrors_find(&m->core->mirrors, m->key);
    struct channel_key *channel = channels_find_key(&m->core->events.channels, m->key);

    if (mirror != NULL)
        mirror_unwatch(mirror, m->worker);
    if (channel != NULL)
        channel_key_unwatch(channel, m->worker);
    free(m);
}

static void on_count(struct message *message)
{
    struct worker_message *m = (struct worker_message *)message;
    struct mirror *mirror = mirrors_find(&m->core->mirrors, m->key);
    struct channel_key *channel = channels_find_key(&m->core->events.channels, m->key);

    if (mirror != NULL)
        mirror_count(mirror, m->worker, m->subscribers);
    if (channel != NULL)
        channel_key_count(channel, m->worker, m->subscribers);
    free(m);
}

void core_watch(struct core *core, unsigned worker, struct call *call)
{
    post(core, worker, "", call_ref(call), 0, on_watch);
}

void core_unwatch(struct core *core, unsigned worker, const char *key)
{
    post(core, worker, key, NULL, 0, on_unwatch);
}

void core_count(struct core *core, unsigned worker, const char *key, uint32_t subscribers)
{
    post(core, worker, key, NULL, subscribers, on_count);
}

/* --- questions ---------------------------------------------------------------------------------- */

static void run_answered(struct message *message)
{
    struct ask *ask = H2O_STRUCT_FROM_MEMBER(struct ask, message, message);
    ask->answered(ask);
}

static void answer(struct ask *ask)
{
    loop_post(worker_loop(ask->worker), &ask->message, run_answered);
}

static void on_answer(struct mirror_waiter *waiter, struct frame *frame, const struct problem *problem)
{
    struct ask *ask = H2O_STRUCT_FROM_MEMBER(struct ask, waiter, waiter);

    ask->frame = frame;
    if (frame == NULL)
        ask->problem = *problem;
    answer(ask);
}

/* The call has its key. */
static void proceed(struct ask *ask)
{
    struct call *call = call_of_today(ask->core, ask->call);

    if (call == NULL)
        problem_set(&ask->problem, 404, "Not found", NULL);
    if (call == NULL || ask->key_only)
        answer(ask);
    else
        mirror_ask(mirrors_get(&ask->core->mirrors, call), &ask->waiter);
    call_unref(call);
}

static bool on_resolved(h2o_linklist_t *link, const char *key, const struct problem *problem, bool away)
{
    struct ask *ask = H2O_STRUCT_FROM_MEMBER(struct ask, link, link);
    struct call *call = ask->call;

    if (away && ask->key_only && atomic_load_explicit(&ask->stream, memory_order_relaxed) != NULL)
        return true;
    if (key == NULL) {
        ask->problem = *problem;
        answer(ask);
        return false;
    }
    ask->call = call_with_key(call, key);
    call_unref(call);
    proceed(ask);
    return false;
}

static void on_ask(struct message *message)
{
    struct ask *ask = H2O_STRUCT_FROM_MEMBER(struct ask, message, message);

    if (ask->call->key == NULL)
        alias_resolve(&ask->core->aliases, ask->call, &ask->link);
    else
        proceed(ask);
}

void core_ask(struct core *core, struct ask *ask)
{
    ask->core = core;
    ask->frame = NULL;
    ask->problem.status = 0;
    ask->waiter.answer = on_answer;
    loop_post(&core->loop, &ask->message, on_ask);
}

/* --- life ------------------------------------------------------------------------------------- */

static void make_id(char id[37])
{
    unsigned char b[16];

    if (getrandom(b, sizeof(b), 0) != sizeof(b))
        abort();
    b[6] = (unsigned char)((b[6] & 0x0f) | 0x40); /* RFC 9562, 5.4: version 4 */
    b[8] = (unsigned char)((b[8] & 0x3f) | 0x80);
    snprintf(id, 37, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0], b[1],
             b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14], b[15]);
}

void core_init(struct core *core, const struct options *options)
{
    const char *listen_database =
        options->listen_database != NULL ? options->listen_database : options->database;

    memset(core, 0, sizeof(*core));
    core->options = options;
    make_id(core->id);
    loop_init(&core->loop);
    pool_init(&core->pool, &core->loop, options->database, options->pool, options->query_timeout_ms);
    core->pool.on_state = on_pool_state;
    core->pool.data = core;
    listener_init(&core->listener, &core->loop, listen_database, &core->pool, core->id);
    core->listener.on_listening = on_listening;
    core->listener.on_heard = on_heard;
    core->listener.on_lost = on_listener_lost;
    core->listener.on_channels = on_channels;
    core->listener.on_notification = on_notification;
    core->listener.on_drained = on_drained;
    core->listener.data = core;
    mirrors_init(&core->mirrors, &core->loop.timers, &mirror_ops, options->threads, core);
    events_init(&core->events, core, options->threads);
    aliases_init(&core->aliases, &core->pool, on_resolved);
    report_init(&core->report, &core->pool, &core->mirrors, &core->events.channels, core->id, &core->listener.listening);
    core_routes_init(core);
}

void core_start(struct core *core)
{
    pool_start(&core->pool);
    listener_start(&core->listener);
    report_start(&core->report);
    upkeep_start(&core->upkeep, &core->pool);
}

static void on_report_stopped(struct report *report)
{
    loop_stop(&H2O_STRUCT_FROM_MEMBER(struct core, report, report)->loop);
}

void core_stop(struct core *core)
{
    report_stop(&core->report, on_report_stopped);
}
