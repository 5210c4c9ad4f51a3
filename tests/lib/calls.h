/* calls.h -- routes and calls for unit tests, without SQL and requests. */
#ifndef PGCRIER_TESTS_CALLS_H
#define PGCRIER_TESTS_CALLS_H

#include "route.h"

/* A GET route without parameters; the caller may change its fields before it is used. */
struct route *test_route(int id);
/* A call of it under this key. */
struct call *test_call(struct route *route, const char *key);

#endif
