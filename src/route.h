/* route.h -- routes, and calls of them.
 *
 * A route is a row of crier.routes as the relay sees it: immutable, counted atomically, so that
 * a table of routes can be replaced under requests that still use the old one. A table is
 * immutable, too; every worker holds a reference to the newest.
 *
 * A call is a route with arguments: what a request asks for. Its key makes two requests share one
 * document. Where every argument is already spelled as PostgreSQL would spell it, the key is made
 * here; otherwise it is NULL, and the database is asked (crier.resolve) before anything is shared.
 */
#ifndef PGCRIER_ROUTE_H
#define PGCRIER_ROUTE_H

#include <stdbool.h>
#include <stdint.h>
#include "path.h"
#include "problem.h"

enum {
    ROUTES_MAX = 10000,        /* rows; the rest is left out, with an error in the log */
    CALL_MAX_ARGUMENTS = 65536 /* octets of arguments as JSON; more: 414 */
};

struct route_parameter {
    char *name;
    char *type;
    bool required, in_path;
    bool in_body; /* gets the whole body */
};

enum route_kind { ROUTE_LIVE, ROUTE_ACTION, ROUTE_BLOB, ROUTE_CHANNEL };

/* What a write does with the body: nothing, gives its keys or fields to the arguments by name, or
 * gives all of it to one argument, as JSON or as octets. */
enum route_body { BODY_IGNORED, BODY_NAMED, BODY_JSON, BODY_OCTETS };

struct route {
    _Atomic int references;
    int id;
    enum route_kind kind;
    char *method, *path, *event /* NULL: message */, *fingerprint;
    struct path_template *template;
    char *channel;  /* of ROUTE_CHANNEL; NULL otherwise */
    enum route_body body; /* of ROUTE_ACTION */
    bool inlined;   /* notifications may carry the document */
    bool has_topic; /* the topic comes from a function, known only from a read */
    unsigned min_interval_ms, reread_ms;
    size_t max_bytes;
    struct route_parameter *parameters;
    size_t parameter_count;
};

/* `parameters` is the JSON text of crier.relay_routes(); the strings are copied. NULL, with *err
 * set, when the row makes no sense. */
struct route *route_create(int id, const char *method, const char *path, const char *parameters,
                           const char **err);
struct route *route_ref(struct route *route);
void route_unref(struct route *route); /* NULL is fine */
/* NULL when there is none. */
const struct route_parameter *route_parameter_named(const struct route *route, const char *name,
                                                    size_t length);
/* The kind of this name; false when there is none. */
bool route_kind_named(const char *name, enum route_kind *kind);

struct routes {
    _Atomic int references;
    size_t count;
    struct route *route[]; /* in the order in which they are tried */
};

/* Takes over the references in `list`; sorts. */
struct routes *routes_create(struct route **list, size_t count);
struct routes *routes_ref(struct routes *routes);
void routes_unref(struct routes *routes); /* NULL is fine */
/* The route that takes the calls of `route`, which may be of an older table: the same method, path
 * and arguments. That it was taken away and declared anew, in one transaction, is no matter. NULL
 * when there is none. */
struct route *routes_find(const struct routes *routes, const struct route *route);

/* Finds the route of a path. Returns NULL when no route has this path at all; with `allow` filled
 * ("GET, HEAD, POST") when only the method is wrong. */
struct route *routes_match(const struct routes *routes, const char *method, size_t method_length,
                           const struct path_segments *segments, size_t values[PATH_MAX_SEGMENTS],
                           struct buffer *allow);

struct call {
    _Atomic int references;
    struct route *route;
    char *arguments; /* a JSON object: name -> string, or array of strings where it was repeated */
    char *key;       /* NULL while only the database can spell it */
    char *spelling;  /* as the client spelled it: path and query, decoded and encoded anew */
};

/* Makes the call of a matched route. Returns NULL and sets the problem when an argument is unknown
 * or missing (of a write, whose body may have it, the database says so). Query names that begin with '_' belong to the relay and are skipped. */
struct call *call_create(struct route *route, const struct path_segments *segments,
                         const size_t values[PATH_MAX_SEGMENTS], const struct path_query *query,
                         struct problem *problem);
/* The same call under the key that the database gave. */
struct call *call_with_key(const struct call *call, const char *key);
/* The same call of another definition of its route. */
struct call *call_with_route(const struct call *call, struct route *route);
struct call *call_ref(struct call *call);
void call_unref(struct call *call); /* NULL is fine */

#endif
