/* route.c -- see route.h. */
#include "route.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yajl/yajl_tree.h>

/* --- routes ---------------------------------------------------------------------------------- */

static const char *string_of(yajl_val object, const char *name)
{
    const char *path[] = {name, NULL};
    return YAJL_GET_STRING(yajl_tree_get(object, path, yajl_t_string));
}

static bool read_parameter(struct route *route, struct route_parameter *p, yajl_val object)
{
    const char *required[] = {"required", NULL};
    const char *name = string_of(object, "name");
    const char *type = string_of(object, "type");
    const char *in = string_of(object, "in");

    if (name == NULL || type == NULL || in == NULL)
        return false;
    p->name = must_strdup(name);
    p->type = must_strdup(type);
    p->in_path = strcmp(in, "path") == 0;
    p->in_body = strcmp(in, "body") == 0;
    if (p->in_body)
        route->body = strcmp(type, "bytea") == 0 ? BODY_OCTETS : BODY_JSON;
    else if (strcmp(in, "any") == 0)
        route->body = BODY_NAMED;
    p->required = YAJL_IS_TRUE(yajl_tree_get(object, required, yajl_t_any));
    return true;
}

/* The text comes from our own schema and is flat, so yajl's tree, which recurses, is safe here. */
static bool read_parameters(struct route *route, const char *json)
{
    char err[128];
    yajl_val root = yajl_tree_parse(json, err, sizeof(err));
    bool ok = root != NULL && YAJL_IS_ARRAY(root);

    if (ok) {
        size_t n = YAJL_GET_ARRAY(root)->len;
        route->parameters = must_alloc((n + 1) * sizeof(*route->parameters));
        for (size_t i = 0; i < n && ok; ++i) {
            ok = read_parameter(route, &route->parameters[i], YAJL_GET_ARRAY(root)->values[i]);
            route->parameter_count += ok;
        }
    }
    yajl_tree_free(root);
    return ok;
}

const struct route_parameter *route_parameter_named(const struct route *route, const char *name,
                                                    size_t length)
{
    for (size_t i = 0; i < route->parameter_count; ++i) {
        const char *own = route->parameters[i].name;
        if (strlen(own) == length && memcmp(own, name, length) == 0)
            return &route->parameters[i];
    }
    return NULL;
}

static bool template_is_covered(const struct route *route)
{
    for (size_t i = 0; i < path_template_parameters(route->template); ++i) {
        const char *name = path_template_parameter(route->template, i);
        const struct route_parameter *p = route_parameter_named(route, name, strlen(name));
        if (p == NULL || !p->in_path)
            return false;
    }
    return true;
}

struct route *route_create(int id, const char *method, const char *path, const char *parameters,
                           const char **err)
{
    struct route *route = must_alloc(sizeof(*route));

    route->references = 1;
    route->id = id;
    route->method = must_strdup(method);
    route->path = must_strdup(path);
    if ((route->template = path_template_parse(path, err)) == NULL) {
        route_unref(route);
        return NULL;
    }
    if (!read_parameters(route, parameters) || !template_is_covered(route)) {
        *err = "its parameters are not what the path needs";
        route_unref(route);
        return NULL;
    }
    return route;
}

struct route *route_ref(struct route *route)
{
    atomic_fetch_add_explicit(&route->references, 1, memory_order_relaxed);
    return route;
}

void route_unref(struct route *route)
{
    if (route == NULL || atomic_fetch_sub_explicit(&route->references, 1, memory_order_acq_rel) != 1)
        return;
    for (size_t i = 0; i < route->parameter_count; ++i) {
        free(route->parameters[i].name);
        free(route->parameters[i].type);
    }
    free(route->parameters);
    path_template_free(route->template);
    free(route->method);
    free(route->path);
    free(route->event);
    free(route->channel);
    free(route->fingerprint);
    free(route);
}

bool route_kind_named(const char *name, enum route_kind *kind)
{
    static const char *const names[] = {
        [ROUTE_LIVE] = "live", [ROUTE_ACTION] = "action", [ROUTE_BLOB] = "blob", [ROUTE_CHANNEL] = "channel",
    };

    for (size_t i = 0; i < sizeof(names) / sizeof(*names); ++i) {
        if (strcmp(name, names[i]) == 0) {
            *kind = (enum route_kind)i;
            return true;
        }
    }
    return false;
}

/* --- tables ---------------------------------------------------------------------------------- */

static int compare(const void *a, const void *b)
{
    const struct route *x = *(struct route *const *)a, *y = *(struct route *const *)b;
    int by_path = path_template_compare(x->template, y->template);
    return by_path != 0 ? by_path : x->id - y->id;
}

struct routes *routes_create(struct route **list, size_t count)
{
    struct routes *routes = must_alloc(sizeof(*routes) + count * sizeof(routes->route[0]));

    routes->references = 1;
    routes->count = count;
    if (count != 0)
        memcpy(routes->route, list, count * sizeof(*list));
    qsort(routes->route, count, sizeof(routes->route[0]), compare);
    return routes;
}

struct routes *routes_ref(struct routes *routes)
{
    atomic_fetch_add_explicit(&routes->references, 1, memory_order_relaxed);
    return routes;
}

void routes_unref(struct routes *routes)
{
    if (routes == NULL || atomic_fetch_sub_explicit(&routes->references, 1, memory_order_acq_rel) != 1)
        return;
    for (size_t i = 0; i < routes->count; ++i)
        route_unref(routes->route[i]);
    free(routes);
}

/* Whether calls of one are calls of the other. */
static bool takes_the_same(const struct route *a, const struct route *b)
{
    if (a->kind != b->kind || strcmp(a->method, b->method) != 0 || strcmp(a->path, b->path) != 0 ||
        a->parameter_count != b->parameter_count)
        return false;
    for (size_t i = 0; i < a->parameter_count; ++i) {
        if (strcmp(a->parameters[i].name, b->parameters[i].name) != 0 ||
            strcmp(a->parameters[i].type, b->parameters[i].type) != 0)
            return false;
    }
    return true;
}

/* Index of the first route that is tried no earlier than one of this shape. */
static size_t first_of(const struct routes *routes, const struct path_template *shape)
{
    size_t low = 0, high = routes->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (path_template_compare(routes->route[middle]->template, shape) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct route *routes_find(const struct routes *routes, const struct route *route)
{
    for (size_t i = first_of(routes, route->template); i < routes->count; ++i) {
        if (takes_the_same(routes->route[i], route))
            return routes->route[i];
        if (path_template_compare(routes->route[i]->template, route->template) != 0)
            break;
    }
    return NULL;
}

static bool method_is(const struct route *route, const char *method, size_t length)
{
    const char *own = route->method;
    if (strlen(own) == length && memcmp(own, method, length) == 0)
        return true;
    return strcmp(own, "GET") == 0 && length == 4 && memcmp(method, "HEAD", 4) == 0;
}

struct route *routes_match(const struct routes *routes, const char *method, size_t method_length,
                           const struct path_segments *segments, size_t values[PATH_MAX_SEGMENTS],
                           struct buffer *allow)
{
    const struct path_template *shape = NULL; /* of the first route that fits; others need the same */

    for (size_t i = 0; i < routes->count; ++i) {
        struct route *route = routes->route[i];
        if (shape != NULL && path_template_compare(shape, route->template) != 0)
            break;
        if (!path_template_match(route->template, segments, values))
            continue;
        if (method_is(route, method, method_length))
            return route;
        shape = route->template;
        buffer_printf(allow, "%s%s", allow->length == 0 ? "" : ", ", route->method);
        if (strcmp(route->method, "GET") == 0)
            buffer_puts(allow, ", HEAD");
    }
    return NULL;
}

/* --- calls ----------------------------------------------------------------------------------- */

/* What one parameter was given. */
struct given {
    const char *value; /* the first */
    size_t length;
    size_t times;
};

static bool collect(const struct route *route, const struct path_segments *segments,
                    const size_t *values, const struct path_query *query, struct given *given,
                    struct problem *problem)
{
    for (size_t i = 0; i < path_template_parameters(route->template); ++i) {
        const char *name = path_template_parameter(route->template, i);
        size_t p = (size_t)(route_parameter_named(route, name, strlen(name)) - route->parameters);
        given[p] = (struct given){segments->segment[values[i]].text, segments->segment[values[i]].length, 1};
    }
    for (size_t i = 0; i < query->count; ++i) {
        if (query->pair[i].name_length != 0 && query->pair[i].name[0] == '_')
            continue;
        const struct route_parameter *found =
            route_parameter_named(route, query->pair[i].name, query->pair[i].name_length);
        if (found == NULL || found->in_path || found->in_body) {
            char detail[160];
            snprintf(detail, sizeof(detail), "\"%.*s\" is not a parameter of %s",
                     (int)(query->pair[i].name_length > 60 ? 60 : query->pair[i].name_length),
                     query->pair[i].name, route->path);
            problem_set(problem, 400, "Unknown query parameter", detail);
            return false;
        }
        struct given *g = &given[found - route->parameters];
        if (g->times++ == 0) {
            g->value = query->pair[i].value;
            g->length = query->pair[i].value_length;
        }
    }
    for (size_t p = 0; route->kind != ROUTE_ACTION && p < route->parameter_count; ++p) {
        if (given[p].times == 0 && route->parameters[p].required) {
            char detail[160];
            snprintf(detail, sizeof(detail), "\"%.60s\" is required", route->parameters[p].name);
            problem_set(problem, 400, "Missing parameter", detail);
            return false;
        }
    }
    return true;
}

static void write_repeated(struct buffer *b, const struct route_parameter *p, const struct path_query *query)
{
    const char *comma = "[";

    for (size_t i = 0; i < query->count; ++i) {
        if (query->pair[i].name_length != strlen(p->name) ||
            memcmp(query->pair[i].name, p->name, query->pair[i].name_length) != 0)
            continue;
        buffer_puts(b, comma);
        buffer_json_string(b, query->pair[i].value, query->pair[i].value_length);
        comma = ",";
    }
    buffer_puts(b, "]");
}

static void write_arguments(struct buffer *b, const struct route *route, const struct given *given,
                            const struct path_query *query)
{
    const char *comma = "{";

    for (size_t p = 0; p < route->parameter_count; ++p) {
        if (given[p].times == 0)
            continue;
        buffer_puts(b, comma);
        buffer_json_string(b, route->parameters[p].name, strlen(route->parameters[p].name));
        buffer_puts(b, ":");
        if (given[p].times == 1)
            buffer_json_string(b, given[p].value, given[p].length);
        else
            write_repeated(b, &route->parameters[p], query);
        comma = ",";
    }
    buffer_puts(b, comma[0] == '{' ? "{}" : "}");
}

/* The path with its parameters spelled canonically, as far as spelling the given value can do it. */
static void write_path(struct buffer *b, const struct path_segments *segments, const struct route *route,
                       const size_t *values)
{
    size_t next = 0;

    for (size_t i = 0; i < segments->count; ++i) {
        buffer_puts(b, "/");
        if (next < path_template_parameters(route->template) && values[next] == i) {
            path_encode(b, segments->segment[i].text, segments->segment[i].length);
            ++next;
        } else {
            buffer_append(b, segments->segment[i].text, segments->segment[i].length);
        }
    }
}

static void write_query(struct buffer *b, const struct route *route, const struct given *given,
                        const struct path_query *query)
{
    char mark = '?';

    for (size_t p = 0; p < route->parameter_count; ++p) {
        const struct route_parameter *own = &route->parameters[p];
        for (size_t i = 0; given[p].times != 0 && !own->in_path && i < query->count; ++i) {
            if (query->pair[i].name_length != strlen(own->name) ||
                memcmp(query->pair[i].name, own->name, query->pair[i].name_length) != 0)
                continue;
            buffer_append(b, &mark, 1);
            path_encode(b, own->name, strlen(own->name));
            buffer_puts(b, "=");
            path_encode(b, query->pair[i].value, query->pair[i].value_length);
            mark = '&';
        }
    }
}

static bool is_canonical(const struct route *route, const struct given *given)
{
    for (size_t p = 0; p < route->parameter_count; ++p) {
        if (given[p].times > 1 ||
            (given[p].times == 1 &&
             !path_is_canonical(route->parameters[p].type, given[p].value, given[p].length)))
            return false;
    }
    return true;
}

struct call *call_create(struct route *route, const struct path_segments *segments,
                         const size_t values[PATH_MAX_SEGMENTS], const struct path_query *query,
                         struct problem *problem)
{
    struct given *given = must_alloc((route->parameter_count + 1) * sizeof(*given));
    struct buffer arguments, spelling;
    struct call *call = NULL;

    buffer_init(&arguments, CALL_MAX_ARGUMENTS);
    buffer_init(&spelling, CALL_MAX_ARGUMENTS);
    if (!collect(route, segments, values, query, given, problem))
        goto Exit;
    write_arguments(&arguments, route, given, query);
    write_path(&spelling, segments, route, values);
    write_query(&spelling, route, given, query);
    if (arguments.overflowed || spelling.overflowed) {
        problem_set(problem, 414, "The arguments are too long", NULL);
        goto Exit;
    }
    call = must_alloc(sizeof(*call));
    call->references = 1;
    call->route = route_ref(route);
    call->arguments = buffer_steal(&arguments, NULL);
    call->spelling = buffer_steal(&spelling, NULL);
    call->key = is_canonical(route, given) ? must_strdup(call->spelling) : NULL;
Exit:
    buffer_dispose(&arguments);
    buffer_dispose(&spelling);
    free(given);
    return call;
}

static struct call *copy(const struct call *call, struct route *route, const char *key)
{
    struct call *other = must_alloc(sizeof(*other));

    other->references = 1;
    other->route = route_ref(route);
    other->arguments = must_strdup(call->arguments);
    other->spelling = must_strdup(call->spelling);
    other->key = key == NULL ? NULL : must_strdup(key);
    return other;
}

struct call *call_with_key(const struct call *call, const char *key)
{
    return copy(call, call->route, key);
}

struct call *call_with_route(const struct call *call, struct route *route)
{
    return copy(call, route, call->key);
}

struct call *call_ref(struct call *call)
{
    atomic_fetch_add_explicit(&call->references, 1, memory_order_relaxed);
    return call;
}

void call_unref(struct call *call)
{
    if (call == NULL || atomic_fetch_sub_explicit(&call->references, 1, memory_order_acq_rel) != 1)
        return;
    route_unref(call->route);
    free(call->arguments);
    free(call->spelling);
    free(call->key);
    free(call);
}
