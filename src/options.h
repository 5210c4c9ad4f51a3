/* options.h -- one table of options: the command line, the file of --config, and --help.
 *
 * Every row of the table is an option with its kind, its default as text and a line of help; the
 * three readers above walk that one table, so that they cannot disagree. Each option may also be a
 * line `name value` (or `name = value`) of the file, '#' begins a comment; the command line wins.
 */
#ifndef PGCRIER_OPTIONS_H
#define PGCRIER_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "address.h"
#include "log.h"
#include "network.h"

#define OPTIONS_NOT_GIVEN UINT32_MAX /* where 0 says something */
enum { OPTIONS_MAX_LISTEN = 16, OPTIONS_MAX_NETWORKS = 32, OPTIONS_MAX_ORIGINS = 32, OPTIONS_MAX_HOSTS = 64 };

struct options {
    char *database;        /* libpq URL or conninfo; "" means libpq's environment */
    char *listen_database; /* NULL: the same */
    struct address listen[OPTIONS_MAX_LISTEN];
    size_t listen_count;
    struct address tls_listen[OPTIONS_MAX_LISTEN];
    size_t tls_listen_count;
    char *tls_cert, *tls_key;    /* PEM files; NULL without tls_listen */
    struct address admin[OPTIONS_MAX_LISTEN];
    size_t admin_count;
    bool reuse_port;             /* share the addresses of --listen with a successor */
    char *public_dir;            /* NULL: no static files */
    char *prefix;                /* of every URL: "" or "/live" */
    char *host[OPTIONS_MAX_HOSTS]; /* names that are answered to, in lower case; none: any */
    size_t host_count;
    char *allow_origin[OPTIONS_MAX_ORIGINS]; /* as browsers spell them, or "*" */
    size_t allow_origin_count;
    struct network trusted_proxy[OPTIONS_MAX_NETWORKS];
    size_t trusted_proxy_count;
    unsigned threads;            /* worker threads; default the number of processors, 1..64 */
    unsigned pool;               /* database connections for reads; default 4, 1..64 */
    unsigned query_timeout_ms;   /* a read takes at most this; default 30000 */
    unsigned heartbeat_ms;       /* comment on an idle stream; default 15000 */
    size_t frame_budget;         /* octets of frames that only slow readers hold; default 256 MiB */
    unsigned slow_rate;          /* [octets/s] below it for slow_time: cut; default 4096 */
    unsigned slow_time_ms;       /* default 30000 */
    unsigned max_connections;    /* default: what RLIMIT_NOFILE leaves after a reserve of 64 */
    unsigned max_address_connections; /* 0: not given (client.h) */
    unsigned max_address_streams;     /* 0: not given */
    unsigned max_address_cuts;   /* 0: no such limit; OPTIONS_NOT_GIVEN (client.h) */
    size_t max_head;             /* octets of a request's line and headers; default 64 KiB */
    size_t max_body;             /* octets of a request's body; default 16 MiB */
    size_t body_budget;          /* octets of all bodies together; default 256 MiB */
    unsigned head_time_ms;       /* a request's headers take at most this; default 10000 */
    unsigned max_connection_streams; /* of one HTTP/2 connection; default 256 */
    unsigned max_resets;         /* streams a second that an HTTP/2 client resets before an answer; default 20 */
    unsigned drain_ms;           /* a drain takes at most this; default 9000 */
    enum log_level log_level;
};

/* Parses argv. Returns 0 to go on; otherwise the process should exit with *status: after --help and
 * --version (0, printed on stdout) or a wrong option (2, one clear line on stderr). */
int options_parse(struct options *o, int argc, char **argv, int *status);
void options_dispose(struct options *o);

#endif
