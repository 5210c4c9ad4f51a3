/* server.h -- libh2o's configuration, shared by all workers and read-only once they run.
 *
 * This is the only place that decides what libh2o may do: HTTP/1.1 and nothing else. Its own
 * HTTP/2 engine (2.2.5 can be aborted by one client) stays unreachable: no upgrade, no preface
 * (accept.h); ours is http2.h.
 */
#ifndef PGCRIER_SERVER_H
#define PGCRIER_SERVER_H

#include <h2o.h>
#include "listening.h"
#include "options.h"

struct server {
    h2o_globalconf_t config;
    h2o_hostconf_t *host, *admin_host; /* admin_host is NULL without --admin */
    struct listening listening[OPTIONS_MAX_LISTEN], admin[OPTIONS_MAX_LISTEN];
    struct listening tls_listening[OPTIONS_MAX_LISTEN];
    size_t listening_count, admin_count, tls_count;
    SSL_CTX *tls; /* NULL without --tls-listen; the main thread's, who gives references to the workers */
};

/* Opens the listening sockets. Returns 0, or -1 with one clear line in `err`. */
int server_init(struct server *server, const struct options *options, char *err, size_t err_size);
/* Reads the certificate again. Returns 0, or -1 with one clear line in `err`: the old one stays. */
int server_reload(struct server *server, const struct options *options, char *err, size_t err_size);
/* All workers have their duplicates of the listening sockets. */
void server_hand_over(struct server *server);
/* The relay can serve: what a predecessor had until now comes here, too. */
void server_is_ready(struct server *server);
/* No more connections are wanted. */
void server_unlink(struct server *server);

#endif
