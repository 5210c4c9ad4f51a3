/* door.c -- see door.h. */
#include "door.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buffer.h"
#include "client.h"
#include "log.h"
#include "metrics.h"
#include "reset.h"

enum {
    USER_TIMEOUT_MS = 30000,  /* unacknowledged data: the peer is gone (RFC 5482) */
    NOTSENT_LOWAT = 131072,   /* octets that the kernel holds beyond what is on the wire */
    RECEIVE_BUFFER = 131072,  /* octets of a connection that libh2o may find, and reads, in one turn of the loop */
    PAUSE_MS = 100,           /* before accept() is tried again when descriptors ran out */
    COMPLAIN_MS = 10000,      /* the same warning at most this often */
};

static void on_acceptable(h2o_socket_t *listener, const char *err);

static void set_accepting(struct door_gate *gate, bool accepting)
{
    struct door *door = gate->door;

    gate->accepting = accepting;
    for (size_t i = 0; i < door->count; ++i) {
        if (door->acceptors[i].gate != gate || door->acceptors[i].waits)
            continue;
        if (accepting)
            h2o_socket_read_start(door->acceptors[i].socket, on_acceptable);
        else
            h2o_socket_read_stop(door->acceptors[i].socket);
    }
}

/* --- visitors --------------------------------------------------------------------------------- */

static void leave(struct visitor *visitor)
{
    struct door_gate *gate = visitor->gate;

    metric_add(METRIC_CONNECTIONS, -1);
    client_disconnected(visitor);
    free(visitor);
    --gate->connections;
    if (!gate->accepting && !timer_is_set(&gate->door->pause))
        set_accepting(gate, true);
}

static void on_closed(void *data)
{
    struct visitor *visitor = data;

    if (visitor->linger != NULL)
        linger_begin(visitor->linger, leave, visitor);
    else
        leave(visitor);
}

struct visitor *visitor_of(h2o_req_t *req)
{
    return req->conn->callbacks->get_socket(req->conn)->on_close.data;
}

void visitor_is_http1(h2o_socket_t *socket)
{
    struct visitor *visitor = socket->on_close.data;
    patrol_wake(visitor->gate->door->patrol);
}

void visitor_asked(h2o_req_t *req)
{
    visitor_of(req)->pace.since_ns = 0;
}

void visitor_has_done(h2o_socket_t *socket)
{
    struct visitor *visitor = socket->on_close.data;
    visitor->is_done = true;
}

bool visitor_is_done(h2o_socket_t *socket)
{
    struct visitor *visitor = socket->on_close.data;
    return visitor->is_done;
}

static void set_options(int fd)
{
    int on = 1, timeout = USER_TIMEOUT_MS, lowat = NOTSENT_LOWAT;

    /* They fail on a Unix socket, which needs none of them. */
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
    setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout, sizeof(timeout));
    setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &lowat, sizeof(lowat));
}

static int turn_away(h2o_socket_t *socket)
{
    reset_on_close(socket);
    h2o_socket_close(socket);
    return -1;
}

/* Counts the connection. Returns 0, or -1 when its address is refused or has too many: it is closed. */
static int admit(struct door_gate *gate, h2o_socket_t *socket)
{
    struct visitor arrival = {.gate = gate}, *visitor;
    bool is_admin = gate == &gate->door->admins;
    int fd = h2o_socket_get_fd(socket);

    if (!is_admin && client_arrived(&arrival, fd) != 0)
        return turn_away(socket);
    visitor = must_alloc(sizeof(*visitor));
    *visitor = arrival;
    ++gate->connections;
    metric_add(METRIC_CONNECTIONS, 1);
    socket->on_close.cb = on_closed;
    socket->on_close.data = visitor;
    set_options(fd);
    return is_admin || client_connected(visitor) == 0 ? 0 : turn_away(socket);
}

/* --- accepting -------------------------------------------------------------------------------- */

static bool may_complain(struct door *door)
{
    uint64_t now = timers_now_ns(&door->loop->timers);

    if (door->complained_ns != 0 && now - door->complained_ns < COMPLAIN_MS * NS_PER_MS)
        return false;
    door->complained_ns = now;
    return true;
}

/* As many as this worker may have: the next waits in the kernel's queue until one closes. */
static void close_for_now(struct door_gate *gate)
{
    metric_add(METRIC_REFUSED_CONNECTIONS, 1);
    if (may_complain(gate->door))
        log_warning("%zu connections: no more are accepted until one closes (--max-connections)",
                    gate->connections);
    set_accepting(gate, false);
}

static bool is_shortage(int error)
{
    return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

/* Neither descriptors nor memory come back by themselves within this turn of the loop. */
static void pause_accepting(struct door *door, int error)
{
    metric_add(METRIC_REFUSED_CONNECTIONS, 1);
    if (may_complain(door))
        log_warning("accept: %s", strerror(error));
    set_accepting(&door->clients, false);
    set_accepting(&door->admins, false);
    timer_set(&door->loop->timers, &door->pause, PAUSE_MS * NS_PER_MS);
}

static void on_pause_over(struct timer *timer)
{
    struct door *door = H2O_STRUCT_FROM_MEMBER(struct door, pause, timer);

    set_accepting(&door->clients, true);
    set_accepting(&door->admins, true);
}

/* Returns whether one was accepted. */
static bool accept_one(struct door_acceptor *acceptor)
{
    h2o_socket_t *socket = h2o_evloop_socket_accept(acceptor->socket);

    if (socket == NULL) {
        if (is_shortage(errno))
            pause_accepting(acceptor->gate->door, errno);
        return false;
    }
    if (admit(acceptor->gate, socket) == 0)
        accept_start(&acceptor->reception, socket);
    return true;
}

static void on_acceptable(h2o_socket_t *listener, const char *err)
{
    struct door_acceptor *acceptor = listener->data;
    struct door_gate *gate = acceptor->gate;

    if (err != NULL)
        return;
    for (int i = 0; i < DOOR_BATCH; ++i) {
        if (gate->connections >= gate->max_connections) {
            close_for_now(gate);
            return;
        }
        if (!accept_one(acceptor))
            return;
    }
}

void door_init(struct door *door, struct loop *loop, struct patrol *patrol, size_t max_connections)
{
    *door = (struct door){.loop = loop, .patrol = patrol};
    door->clients = (struct door_gate){door, 0, max_connections, true};
    door->admins = (struct door_gate){door, 0, DOOR_ADMIN_CONNECTIONS, true};
    door->pause.fire = on_pause_over;
}

void door_add(struct door *door, const struct listening *listening, struct http2 *http2, h2o_hostconf_t *host,
              SSL_CTX *tls)
{
    struct door_acceptor *acceptor = &door->acceptors[door->count++];
    int fd = fcntl(listening->fd, F_DUPFD_CLOEXEC, 0);

    if (fd == -1) {
        log_error("dup: %s", strerror(errno));
        exit(1);
    }
    /* Connections inherit it. libh2o reads until there is no more, and the kernel would take 32 MiB. It is
     * also what an upload moves in a round trip at most. */
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &(int){RECEIVE_BUFFER}, sizeof(int));
    acceptor->gate = listening->kind == LISTENING_ADMIN ? &door->admins : &door->clients;
    acceptor->owner = listening->owner;
    reception_init(&acceptor->reception, http2, host, tls);
    acceptor->socket = loop_watch(door->loop, fd, on_acceptable, acceptor);
    acceptor->waits = listening->owner != LISTENING_OPENED && listening->kind != LISTENING_ADMIN;
    if (acceptor->waits)
        h2o_socket_read_stop(acceptor->socket);
}

void door_open(struct door *door)
{
    for (size_t i = 0; i < door->count; ++i)
        door->acceptors[i].waits = false;
    set_accepting(&door->clients, door->clients.accepting);
}

void door_renew(struct door *door, SSL_CTX *tls)
{
    for (size_t i = 0; i < door->count; ++i) {
        if (door->acceptors[i].reception.tls == NULL)
            continue;
        SSL_CTX_up_ref(tls);
        reception_renew(&door->acceptors[i].reception, tls);
    }
}

/* --- closing ---------------------------------------------------------------------------------- */

/* What the kernel has queued for us is ours; a socket that was passed has another owner. No more than it
 * can queue: who is refused and comes back at once would have us here for ever. */
static void take_queued(struct door_acceptor *acceptor)
{
    struct door_gate *gate = acceptor->gate;

    if (acceptor->owner == LISTENING_PASSED)
        return;
    for (int i = 0; i < LISTENING_BACKLOG && gate->connections < gate->max_connections; ++i) {
        if (!accept_one(acceptor))
            return;
    }
}

static void close_all(struct door *door)
{
    timer_cancel(&door->loop->timers, &door->pause);
    for (size_t i = 0; i < door->count; ++i) {
        take_queued(&door->acceptors[i]);
        h2o_socket_close(door->acceptors[i].socket);
    }
    timer_cancel(&door->loop->timers, &door->pause);
    door->count = 0;
}

static void on_yielded(struct timer *timer)
{
    close_all(H2O_STRUCT_FROM_MEMBER(struct door, yield, timer));
}

void door_close(struct door *door, bool ready)
{
    bool shared = false;

    for (size_t i = 0; i < door->count; ++i) {
        if (door->acceptors[i].owner == LISTENING_SHARED && ready) {
            listening_yield(h2o_socket_get_fd(door->acceptors[i].socket));
            shared = true;
        }
    }
    door->yield.fire = on_yielded;
    if (shared)
        timer_set(&door->loop->timers, &door->yield, DOOR_YIELD_MS * NS_PER_MS);
    else
        close_all(door);
}
