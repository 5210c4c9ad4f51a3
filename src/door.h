/* door.h -- where connections come in, on one worker.
 *
 * Listening sockets are opened once, before the threads start; every worker accepts from its own
 * duplicate. A worker stops accepting while it holds its share of the connections, so that
 * the process never runs out of descriptors and libpq can always reconnect. Where there are none left
 * all the same (another process has them), it pauses: a level-triggered loop would spin.
 */
#ifndef PGCRIER_DOOR_H
#define PGCRIER_DOOR_H

#include <h2o.h>
#include "accept.h"
#include "network.h"
#include "loop.h"
#include "options.h"

enum { DOOR_RESERVED_FDS = 64, DOOR_BATCH = 32, DOOR_BACKLOG = 4096 };

enum listening_kind { LISTENING_PLAIN, LISTENING_TLS, LISTENING_ADMIN };

/* A listening socket of the process. */
struct listening {
    int fd;
    char *url;  /* for people: http://127.0.0.1:8080 */
    char *path; /* of a Unix socket; NULL otherwise */
};

/* Opens an address. Returns 0, or -1 with one clear line in `err`. */
int listening_open(struct listening *listening, const struct address *address, enum listening_kind kind,
                   char *err, size_t err_size);
/* Closes the process's own descriptor: once the workers have closed theirs, a connection is refused
 * instead of left waiting. */
void listening_hand_over(struct listening *listening);
/* Takes a Unix socket's name away, so that nobody finds it any more. */
void listening_unlink(struct listening *listening);

struct door_acceptor {
    struct door *door;
    struct reception reception;
    h2o_socket_t *socket;
};

/* A connection, from accept to close; found by its socket. */
struct visitor {
    struct door *door;
    struct client *client;   /* NULL: its address is not counted */
    struct ip ip;
    bool has_ip;             /* it came over a network, not over a Unix socket */
};

/* The visitor whose request this is, over any protocol. */
struct visitor *visitor_of(h2o_req_t *req);

struct door {
    struct loop *loop;
    struct door_acceptor acceptors[3 * OPTIONS_MAX_LISTEN];
    size_t count;
    size_t connections, max_connections;
    bool accepting;
    struct timer pause;          /* set while descriptors or memory for a connection are missing */
    uint64_t complained_ns;
};

void door_init(struct door *door, struct loop *loop, size_t max_connections);
/* `tls` may be NULL; it is given. */
void door_add(struct door *door, const struct listening *listening, struct http2 *http2, h2o_hostconf_t *host,
              SSL_CTX *tls);
/* New connections of the acceptors with TLS get this certificate. */
void door_renew(struct door *door, SSL_CTX *tls);
void door_close(struct door *door);

#endif
