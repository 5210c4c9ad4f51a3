/* route_rows.h -- the rows of crier.relay_routes(), as a table of routes. */
#ifndef PGCRIER_ROUTE_ROWS_H
#define PGCRIER_ROUTE_ROWS_H

#include <libpq-fe.h>
#include "route.h"

#define ROUTE_ROWS_QUERY                                                                           \
    "select id, method, path, parameters, kind, event, inline, channel, has_topic, "               \
    "min_interval_ms, reread_ms, max_bytes, fingerprint, "                                         \
    "(select encode(crier.relay_secret(), 'hex')) from crier.relay_routes()"

/* The table of a result of that query; rows that make no sense are left out, and logged. */
struct routes *route_rows_read(const PGresult *result);
/* The installation's secret in hex, which every row has; "" without rows: then nothing is inline. */
const char *route_rows_secret(const PGresult *result);

#endif
