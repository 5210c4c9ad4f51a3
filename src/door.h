/* door.h -- where connections come in, on one worker.
 *
 * A worker accepts from its own duplicates of the listening sockets (listening.h), while it holds
 * less than its share of the connections: so the process never runs out of descriptors and libpq can
 * always reconnect. Where there are none left all the same (another process has them), it pauses: a
 * level-triggered loop would spin. The admin's sockets have a share of their own, because whoever
 * fills the others must not make a healthy relay look dead.
 */
#ifndef PGCRIER_DOOR_H
#define PGCRIER_DOOR_H

#include <h2o.h>
#include "accept.h"
#include "linger.h"
#include "listening.h"
#include "loop.h"
#include "network.h"
#include "options.h"
#include "patrol.h"
#include "turn.h"

enum {
    DOOR_RESERVED_FDS = 64,
    DOOR_BATCH = 4,              /* accepted in one turn: what they bring is read in the same */
    DOOR_ADMIN_CONNECTIONS = 16, /* at once; out of the reserve */
    DOOR_YIELD_MS = 300,         /* how long a drain takes what the kernel had given to it already */
};

struct door;

/* Some of the listening sockets, with a limit in common. */
struct door_gate {
    struct door *door;
    size_t connections, max_connections;
    bool accepting;
};

struct door_acceptor {
    struct door_gate *gate;
    struct reception reception;
    h2o_socket_t *socket;
    enum listening_owner owner;
    bool waits;              /* for door_open(): until then, nobody is taken from here */
};

/* A connection, from accept to close; found by its socket. */
struct visitor {
    struct door_gate *gate;
    struct client *client;   /* NULL: its address is not counted */
    struct ip ip;
    bool has_ip;             /* it came over a network, not over a Unix socket */
    bool is_stream;          /* its answer goes on, by the rules of streams */
    bool is_done;            /* over TLS: it has said that no more comes */
    struct lingering *linger; /* NULL unless it is to be closed slowly */
    struct pace pace;        /* of HTTP/1 */
    struct turn_account account; /* the same */
};

/* The visitor whose request this is, over any protocol. */
struct visitor *visitor_of(h2o_req_t *req);
/* The connection speaks HTTP/1: from now on the patrol sees to it. */
void visitor_is_http1(h2o_socket_t *socket);
/* A request is complete; the head of the next has its own time. */
void visitor_asked(h2o_req_t *req);
/* It is over for its client, as if it had closed. libh2o does not say so, and keeps for ever what may come
 * behind it (socket.c:decode_ssl_input): whoever reads must ask. */
void visitor_has_done(h2o_socket_t *socket);
bool visitor_is_done(h2o_socket_t *socket);

struct door {
    struct loop *loop;
    struct patrol *patrol;
    struct door_gate clients, admins;
    struct door_acceptor acceptors[4 * OPTIONS_MAX_LISTEN];
    size_t count;
    struct timer pause;          /* set while descriptors or memory for a connection are missing */
    struct timer yield;          /* set while a drain still accepts */
    uint64_t complained_ns;
};

void door_init(struct door *door, struct loop *loop, struct patrol *patrol, size_t max_connections);
/* `tls` may be NULL; it is given. */
void door_add(struct door *door, const struct listening *listening, struct http2 *http2, h2o_hostconf_t *host,
              SSL_CTX *tls);
/* Begins to take clients from sockets with somebody else behind them (opening.h); it took those of others
 * from the start. */
void door_open(struct door *door);
/* New connections of the acceptors with TLS get this certificate. */
void door_renew(struct door *door, SSL_CTX *tls);
/* Takes what is queued for us, and then no more; that is done when door_is_open() says so. `ready`: the relay
 * has been, so what is shared was its own, and is its successor's; else it is left to its predecessor. */
void door_close(struct door *door, bool ready);
static inline bool door_is_open(const struct door *door) { return door->count != 0; }
/* Connections that have come in and are open, whatever they do. */
static inline size_t door_connections(const struct door *door)
{
    return door->clients.connections + door->admins.connections;
}

#endif
