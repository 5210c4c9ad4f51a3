/* core_routes.c -- the core loads the routes, at the start and whenever they change.
 *
 * First the schema's version, which must be ours, then all rows. Channels that are new are listened
 * to before the workers get the table. A mirror whose route is gone ends; one whose route was
 * declared anew reads again; the others are left alone.
 */
#include "core_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "route_rows.h"
#include "worker.h"

enum { ROUTES_RETRY_MS = 5000 };

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

static void read_secret(struct core *core, const PGresult *result)
{
    const char *hex = route_rows_secret(result);

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
    core_update_ready(core);
}

void core_install_routes(struct core *core)
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
        core_install_routes(core);
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
        log_error("the schema crier is not in this database: run psql -f db/install.sql there (%s)", message);
    else if (forbidden)
        log_error("the relay's role may not read the routes: as the owner of the schema crier, run "
                  "select crier.grant_relay('ROLE') with its name (%s)", message);
    else
        log_error("the routes cannot be read: %s: %s", sqlstate, message);
    if (!core->ready && (missing || forbidden))
        core_fail(core, 1);
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
        listen_then_install(core, route_rows_read(result));
        PQclear(result);
        if (core->routes_due)
            core_load_routes(core);
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
        core_fail(core, 1);
        return;
    }
    if (strcmp(PQgetvalue(result, 0, 1), "UTF8") != 0)
        log_error("the database's encoding is %s: documents may not be valid UTF-8; create the database "
                  "with encoding UTF8", PQgetvalue(result, 0, 1));
    PQclear(result);
    core->routes_job = (struct pool_job){
        .sql = ROUTE_ROWS_QUERY,
        .snapshot = true,
        .repeatable = true,
        .urgent = true,
        .done = on_routes,
    };
    pool_submit(&core->pool, &core->routes_job);
}

void core_load_routes(struct core *core)
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
    core_load_routes(H2O_STRUCT_FROM_MEMBER(struct core, routes_retry, timer));
}

void core_routes_init(struct core *core)
{
    core->routes_retry.fire = on_routes_retry;
}
