/* accept.h -- which protocol a new connection speaks.
 *
 * On a plain socket the first bytes tell: HTTP/2 begins with its preface (prior knowledge, RFC 9113,
 * 3.3), anything else is HTTP/1.1. On a TLS socket ALPN tells. Until it is known the connection
 * belongs to this file, with a timer of its own; then to libh2o's HTTP/1.1 or to our HTTP/2. libh2o is
 * never given a connection whose client has chosen HTTP/2.
 */
#ifndef PGCRIER_ACCEPT_H
#define PGCRIER_ACCEPT_H

#include <h2o.h>
#include "http2.h"
#include "loop.h"
#include "options.h"

/* What is behind a listening socket, on one worker. */
struct reception {
    struct http2 *http2;
    h2o_hostconf_t *hosts[2]; /* the one that answers, NULL */
    h2o_accept_ctx_t http1;
    SSL_CTX *tls;             /* NULL: plain; else a reference */
};

/* `tls` may be NULL; it is given. */
void reception_init(struct reception *reception, struct http2 *http2, h2o_hostconf_t *host, SSL_CTX *tls);
/* New connections get this certificate; those that are open keep theirs. It is given. */
void reception_renew(struct reception *reception, SSL_CTX *tls);
void accept_start(struct reception *reception, h2o_socket_t *socket);

#endif
