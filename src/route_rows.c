/* route_rows.c -- see route_rows.h. */
#include "route_rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"

/* The columns of ROUTE_ROWS_QUERY, in its order. */
enum {
    ID, METHOD, PATH, PARAMETERS, KIND, EVENT, INLINE, CHANNEL, HAS_TOPIC, MIN_INTERVAL, REREAD, MAX_BYTES, FINGERPRINT, SECRET
};

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

struct routes *route_rows_read(const PGresult *result)
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

const char *route_rows_secret(const PGresult *result)
{
    return PQntuples(result) == 0 ? "" : PQgetvalue(result, 0, SECRET);
}
