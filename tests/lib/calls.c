/* calls.c -- see calls.h. */
#include "calls.h"

#include <stdlib.h>

struct route *test_route(int id)
{
    const char *err = NULL;
    struct route *route = route_create(id, "GET", "/test", "[]", &err);
    if (route == NULL)
        abort();
    route->fingerprint = must_strdup("");
    return route;
}

struct call *test_call(struct route *route, const char *key)
{
    struct call *call = must_alloc(sizeof(*call));
    call->references = 1;
    call->route = route_ref(route);
    call->arguments = must_strdup("{}");
    call->spelling = must_strdup(key);
    call->key = must_strdup(key);
    return call;
}
