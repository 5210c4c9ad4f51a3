/* core.c -- see core.h. */
#include "core.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "log.h"
#include "metrics.h"
#include "notification.h"
#include "worker.h"

enum { ROUTES_RETRY_MS = 5000 };

static atomic_bool is_ready;

bool core_is_ready(void)
{
    return atomic_load_explicit(&is_ready, memory_order_relaxed);
}

static void update_ready(struct core *core)
{
    bool ready = core->listener.heard && core->routes != NULL && core->pool.state == POOL_UP;

    atomic_store_explicit(&is_ready, ready, memory_order_relaxed);
    if (ready && !core->ready) {
        core->ready = true;
        log_notice("ready");
        core->on_ready(core);
    }
}

static void fatal(struct core *core, int status)
{
    core->exit_status = status;
    core->on_fatal(core);
}

/* --- reads ----------------------------------------------------------------------------------- */

/* One read in flight. The mirror outlives it: while it is reading, it does not vanish. */
struct read {
    struct pool_job job;
    struct mirror *mirror;
    struct call *call;
    char route_id[16];
};

static void release_result(void *result)
{
    PQclear(result);
}

/* A copy, or NULL. */
static char *column(const PGresult *result, int n)
{
    return PQgetisnull(result, 0, n) ? NULL : must_strdup(PQgetvalue(result, 0, n));
}

static void read_arrived(struct read *read, PGresult *result)
{
    const struct route *route = read->call->route;
    struct mirror *mirror = read->mirror;
    struct core *core = mirror->set->data;
    bool report_news = false;
    size_t length = (size_t)PQgetlength(result, 0, 0);
    char *topic = column(result, 1), *snapshot = column(result, 2);
    struct mirror_reading reading = {
        .topic = topic, .snapshot = snapshot, .milliseconds = atof(PQgetvalue(result, 0, 3))};
    struct problem problem;

    if (PQgetisnull(result, 0, 0)) {
        PQclear(result);
        mirror_read_done(mirror, &reading);
    } else if (length > route->max_bytes) {
        PQclear(result);
        log_error("the document of %s has %zu octets; the route %s allows %zu", read->call->key, length,
                  route->path, route->max_bytes);
        problem_set(&problem, 500, "The document is larger than its route allows", route->path);
        mirror_read_failed(mirror, &problem, false);
    } else {
        metric_add(METRIC_FRAMES, 1);
        reading.frame = frame_document(route->event, PQgetvalue(result, 0, 0), length, release_result,
                                       result, mirror->read_noticed_ns);
        report_news = route->inlined && !mirror->reported_document;
        mirror_read_done(mirror, &reading);
    }
    free(topic);
    free(snapshot);
    if (report_news)
        report_soon(&core->report); /* writers look there whether somebody reads inline */
}

static void on_read(struct pool_job *job, enum pool_outcome outcome, PGresult *result,
                    const char *sqlstate, const char *message)
{
    struct read *read = H2O_STRUCT_FROM_MEMBER(struct read, job, job);
    struct problem problem;

    if (outcome == POOL_OK) {
        read_arrived(read, result);
    } else if (outcome == POOL_AWAY) {
        problem_set(&problem, 503, "The database is away", NULL);
        mirror_read_failed(read->mirror, &problem, true);
    } else {
        log_warning("%s: %s: %s", read->call->key, sqlstate, message);
        problem_from_sqlstate(&problem, sqlstate, message, false);
        mirror_read_failed(read->mirror, &problem, false);
    }
    call_unref(read->call);
    free(read);
}

static void start_read(struct mirror *mirror, bool somebody_waits)
{
    struct core *core = mirror->set->data;
    struct read *read = must_alloc(sizeof(*read));

    read->mirror = mirror;
    read->call = call_ref(mirror->call);
    snprintf(read->route_id, sizeof(read->route_id), "%d", read->call->route->id);
    read->job = (struct pool_job){
        .sql = "select document, topic, snapshot, milliseconds from crier.read($1, $2)",
        .value_count = 2,
        .values = {read->route_id, read->call->arguments},
        .snapshot = true,
        .repeatable = true,
        .urgent = somebody_waits,
        .done = on_read,
    };
    pool_submit(&core->pool, &read->job);
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

static const struct mirror_ops mirror_ops = {start_read, publish, gone, dropped, failed};

/* --- routes ---------------------------------------------------------------------------------- */

static void load_routes(struct core *core);

/* The columns of on_version()'s query, in its order. */
enum { ID, METHOD, PATH, PARAMETERS, KIND, EVENT, INLINE, CHANNEL, HAS_TOPIC, MIN_INTERVAL, REREAD, MAX_BYTES, FINGERPRINT, SECRET };

/* crier.channel() declares no other. */
static bool set_channel(struct route *route, const char *name)
{
    if (route->kind != ROUTE_CHANNEL)
        return true;
    if (name[0] == '\0' || strcmp(name, "crier") == 0)
        return false;
    route->channel = must_strdup(name);
    return true;
}

static struct route *read_row(const PGresult *result, int row)
{
    const char *method = PQgetvalue(result, row, METHOD), *path = PQgetvalue(result, row, PATH);
    const char *event = PQgetvalue(result, row, EVENT), *err = NULL;
    struct route *route = route_create(atoi(PQgetvalue(result, row, ID)), method, path,
                                       PQgetvalue(result, row, PARAMETERS), &err);
    if (route == NULL) {
        log_error("route %s %s is left out: %s", method, path, err);
        return NULL;
    }
    if (!route_kind_named(PQgetvalue(result, row, KIND), &route->kind)) {
        log_error("route %s %s is left out: its kind is unknown", method, path);
        route_unref(route);
        return NULL;
    }
    if (!set_channel(route, PQgetvalue(result, row, CHANNEL))) {
        log_error("route %s is left out: no channel can be called %s", path, PQgetvalue(result, row, CHANNEL));
        route_unref(route);
        return NULL;
    }
    route->inlined = PQgetvalue(result, row, INLINE)[0] == 't';
    if (strcmp(event, "message") != 0) /* EventSource's default needs no line */
        route->event = must_strdup(event);
    route->has_topic = PQgetvalue(result, row, HAS_TOPIC)[0] == 't';
    route->min_interval_ms = (unsigned)atoi(PQgetvalue(result, row, MIN_INTERVAL));
    route->reread_ms = (unsigned)atoi(PQgetvalue(result, row, REREAD));
    route->max_bytes = strtoull(PQgetvalue(result, row, MAX_BYTES), NULL, 10);
    route->fingerprint = must_strdup(PQgetvalue(result, row, FINGERPRINT));
    return route;
}

static struct routes *read_table(const PGresult *result)
{
    int rows = PQntuples(result);
    struct route **list;
    struct routes *routes;
    size_t count = 0;

    if (rows > ROUTES_MAX) {
        log_error("there are %d routes; %d are served", rows, ROUTES_MAX);
        rows = ROUTES_MAX;
    }
    list = must_alloc(((size_t)rows + 1) * sizeof(*list));
    for (int row = 0; row < rows; ++row) {
        struct route *route = read_row(result, row);
        if (route != NULL)
            list[count++] = route;
    }
    routes = routes_create(list, count);
    free(list);
    return routes;
}

/* What the new table means for a document that is being watched. */
static void follow_route(struct mirror *mirror, const struct routes *routes)
{
    const struct route *old = mirror->call->route;
    struct route *new = routes_find(routes, old);

    if (new == NULL)
        mirror_end(mirror);
    else if (new->id != old->id || strcmp(old->fingerprint, new->fingerprint) != 0)
        mirror_redefine(mirror, new);
}

/* Every row has the same secret; without rows nothing is inline. */
static void read_secret(struct core *core, const PGresult *result)
{
    const char *hex = PQntuples(result) == 0 ? "" : PQgetvalue(result, 0, SECRET);

    core->has_secret = strlen(hex) == 2 * INLINED_SECRET;
    for (size_t i = 0; core->has_secret && i < INLINED_SECRET; ++i)
        core->has_secret = sscanf(hex + 2 * i, "%2hhx", &core->secret[i]) == 1;
}

static void install_routes(struct core *core, struct routes *routes)
{
    struct mirror *mirror, *next;

    routes_unref(core->routes);
    core->routes = routes;
    aliases_forget(&core->aliases);
    HASH_ITER(hh, core->mirrors.by_key, mirror, next)
        follow_route(mirror, routes);
    channels_follow(&core->events.channels, routes);
    for (unsigned i = 0; i < core->options->threads; ++i)
        worker_set_routes(core->workers[i], routes_ref(routes));
    log_notice("%zu routes", routes->count);
    update_ready(core);
}

static void install_routes_next(struct core *core)
{
    struct routes *routes = core->routes_next;

    core->routes_next = NULL;
    if (routes != NULL)
        install_routes(core, routes);
}

/* A channel's streams are opened when it is listened to, so that nothing is missed between the two:
 * LISTEN first, then the routes are the workers'. */
static void listen_then_install(struct core *core, struct routes *routes)
{
    routes_unref(core->routes_next);
    core->routes_next = routes;
    for (size_t i = 0; i < routes->count; ++i) {
        if (routes->route[i]->kind == ROUTE_CHANNEL)
            listener_want(&core->listener, routes->route[i]->channel);
    }
    if (!listener_follow(&core->listener))
        install_routes_next(core);
}

static void load_routes_later(struct core *core)
{
    timer_set(&core->loop.timers, &core->routes_retry, ROUTES_RETRY_MS * NS_PER_MS);
}

static void explain_failure(struct core *core, const char *sqlstate, const char *message)
{
    /* invalid_schema_name, undefined_function, undefined_table */
    bool missing = strcmp(sqlstate, "3F000") == 0 || strcmp(sqlstate, "42883") == 0 ||
                   strcmp(sqlstate, "42P01") == 0;
    bool forbidden = strcmp(sqlstate, "42501") == 0;

    if (missing)
        log_error("the schema crier is not in this database: run psql -f install.sql there (%s)", message);
    else if (forbidden)
        log_error("this role may not read the routes: run select crier.grant_relay(current_user) as "
                  "their owner, with this role's name (%s)", message);
    else
        log_error("the routes cannot be read: %s: %s", sqlstate, message);
    if (!core->ready && (missing || forbidden))
        fatal(core, 1);
    else
        load_routes_later(core);
}

static void on_routes(struct pool_job *job, enum pool_outcome outcome, PGresult *result,
                      const char *sqlstate, const char *message)
{
    struct core *core = H2O_STRUCT_FROM_MEMBER(struct core, routes_job, job);

    core->routes_loading = false;
    if (outcome == POOL_AWAY) {
        load_routes_later(core); /* or when the pool is up again, if it was down */
    } else if (outcome == POOL_ERROR) {
        explain_failure(core, sqlstate, message);
    } else {
        read_secret(core, result);
        listen_then_install(core, read_table(result));
        PQclear(result);
        if (core->routes_due)
            load_routes(core);
    }
}

static void on_version(struct pool_job *job, enum pool_outcome outcome, PGresult *result,
                       const char *sqlstate, const char *message)
{
    struct core *core = H2O_STRUCT_FROM_MEMBER(struct core, routes_job, job);
    int version;

    if (outcome != POOL_OK) {
        on_routes(job, outcome, result, sqlstate, message);
        return;
    }
    version = atoi(PQgetvalue(result, 0, 0));
    if (version != SCHEMA_VERSION) {
        log_error("the schema crier has version %d and this relay needs %d: upgrade the older of the "
                  "two", version, SCHEMA_VERSION);
        PQclear(result);
        core->routes_loading = false;
        fatal(core, 1);
        return;
    }
    if (strcmp(PQgetvalue(result, 0, 1), "UTF8") != 0)
        log_error("the database's encoding is %s: documents may not be valid UTF-8; create the database "
                  "with encoding UTF8", PQgetvalue(result, 0, 1));
    PQclear(result);
    core->routes_job = (struct pool_job){
        .sql = "select id, method, path, parameters, kind, event, inline, channel, has_topic, min_interval_ms, reread_ms, "
               "max_bytes, fingerprint, (select encode(crier.relay_secret(), 'hex')) from crier.relay_routes()",
        .snapshot = true,
        .repeatable = true,
        .urgent = true,
        .done = on_routes,
    };
    pool_submit(&core->pool, &core->routes_job);
}

static void load_routes(struct core *core)
{
    core->routes_due = core->routes_loading;
    if (core->routes_loading)
        return;
    timer_cancel(&core->loop.timers, &core->routes_retry);
    core->routes_loading = true;
    core->routes_job = (struct pool_job){
        .sql = "select crier.version(), current_setting('server_encoding')",
        .snapshot = true,
        .repeatable = true,
        .urgent = true,
        .done = on_version,
    };
    pool_submit(&core->pool, &core->routes_job);
}

static void on_routes_retry(struct timer *timer)
{
    load_routes(H2O_STRUCT_FROM_MEMBER(struct core, routes_retry, timer));
}

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
            load_routes(core);
    }
    update_ready(core);
}

static void on_listening(struct listener *listener)
{
    struct core *core = listener->data;

    core->listener_error[0] = '\0';
    log_notice("listening to the database");
    events_after_gap(&core->events);
    mirrors_resynchronise(&core->mirrors);
    load_routes(core);
}

static void on_channels(struct listener *listener)
{
    install_routes_next(listener->data);
}

static void on_heard(struct listener *listener)
{
    update_ready(listener->data);
}

static void on_listener_lost(struct listener *listener, const char *err)
{
    struct core *core = listener->data;

    if (strcmp(core->listener_error, err) != 0) /* once, not at every attempt */
        log_error("database: not listening: %s", err);
    snprintf(core->listener_error, sizeof(core->listener_error), "%s", err);
    if (!core->ready && strstr(err, "pooler") != NULL)
        fatal(core, 1); /* it would never hear anything */
    install_routes_next(core);
    update_ready(core);
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
        load_routes(core);
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

    if (away && ask->key_only)
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
    core->routes_retry.fire = on_routes_retry;
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
