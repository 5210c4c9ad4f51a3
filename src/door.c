/* door.c -- see door.h. */
#include "door.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "buffer.h"
#include "client.h"
#include "log.h"
#include "metrics.h"

enum {
    USER_TIMEOUT_MS = 30000,  /* unacknowledged data: the peer is gone (RFC 5482) */
    NOTSENT_LOWAT = 131072,   /* octets that the kernel holds beyond what is on the wire */
    PAUSE_MS = 100,           /* before accept() is tried again when descriptors ran out */
    COMPLAIN_MS = 10000,      /* the same warning at most this often */
};

/* --- listening sockets ------------------------------------------------------------------------ */

/* Whether somebody listens there: what a relay that was killed left behind may be replaced, the
 * socket of one that lives may not. */
static bool is_served(const struct sockaddr_un *address)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    bool served = fd == -1 || connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0 ||
                  errno != ECONNREFUSED;
    if (fd != -1)
        close(fd);
    return served;
}

static int open_unix(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct stat st;
    int fd;

    if (strlen(path) >= sizeof(address.sun_path)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    strcpy(address.sun_path, path);
    if (lstat(path, &st) == 0 && S_ISSOCK(st.st_mode) && !is_served(&address))
        unlink(path);
    if ((fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) == -1)
        return -1;
    if (bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0 && listen(fd, DOOR_BACKLOG) == 0)
        return fd;
    close(fd);
    return -1;
}

static int open_resolved(const struct addrinfo *ai, bool every_interface)
{
    int on = 1, off = 0;
    int fd = socket(ai->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd == -1)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (every_interface && ai->ai_family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off)); /* IPv4, too */
    if (bind(fd, ai->ai_addr, ai->ai_addrlen) == 0 && listen(fd, DOOR_BACKLOG) == 0)
        return fd;
    int saved = errno;
    close(fd);
    errno = saved;
    return -1;
}

static int open_tcp(const char *host, const char *port, const char **err)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    struct addrinfo *list, *ai;
    int fd = -1, status = getaddrinfo(host == NULL ? "::" : host, port, &hints, &list);

    if (host == NULL && (status != 0 || (fd = open_resolved(list, true)) == -1)) {
        /* No IPv6 here. */
        if (status == 0)
            freeaddrinfo(list);
        status = getaddrinfo("0.0.0.0", port, &hints, &list);
    }
    if (status != 0) {
        *err = gai_strerror(status);
        return -1;
    }
    for (ai = list; ai != NULL && fd == -1; ai = ai->ai_next)
        fd = open_resolved(ai, host == NULL);
    *err = strerror(errno);
    freeaddrinfo(list);
    return fd;
}

static char *url_of(int fd, const char *host, const char *scheme)
{
    struct sockaddr_storage address;
    socklen_t length = sizeof(address);
    char port[8] = "?", url[300];

    getsockname(fd, (struct sockaddr *)&address, &length);
    getnameinfo((struct sockaddr *)&address, length, NULL, 0, port, sizeof(port), NI_NUMERICSERV);
    if (host != NULL && strchr(host, ':') != NULL)
        snprintf(url, sizeof(url), "%s://[%s]:%s", scheme, host, port);
    else
        snprintf(url, sizeof(url), "%s://%s:%s", scheme, host == NULL ? "127.0.0.1" : host, port);
    return must_strdup(url);
}

int listening_open(struct listening *listening, const struct address *address, enum listening_kind kind,
                   char *err, size_t err_size)
{
    const char *host = address->host == NULL && kind == LISTENING_ADMIN ? "127.0.0.1" : address->host;
    const char *why = NULL;

    if (address->path != NULL) {
        if ((listening->fd = open_unix(address->path)) == -1) {
            snprintf(err, err_size, "cannot listen on unix:%s: %s", address->path, strerror(errno));
            return -1;
        }
        listening->url = must_alloc(strlen(address->path) + 6);
        sprintf(listening->url, "unix:%s", address->path);
        listening->path = must_strdup(address->path);
        return 0;
    }
    if ((listening->fd = open_tcp(host, address->port, &why)) == -1) {
        snprintf(err, err_size, "cannot listen on %s:%s: %s", host == NULL ? "*" : host, address->port, why);
        return -1;
    }
    listening->url = url_of(listening->fd, host, kind == LISTENING_TLS ? "https" : "http");
    return 0;
}

void listening_hand_over(struct listening *listening)
{
    close(listening->fd);
    listening->fd = -1;
}

void listening_unlink(struct listening *listening)
{
    if (listening->path != NULL)
        unlink(listening->path);
}

/* --- accepting ---------------------------------------------------------------------------------- */

static void on_acceptable(h2o_socket_t *listener, const char *err);

static void set_accepting(struct door *door, bool accepting)
{
    door->accepting = accepting;
    for (size_t i = 0; i < door->count; ++i) {
        if (accepting)
            h2o_socket_read_start(door->acceptors[i].socket, on_acceptable);
        else
            h2o_socket_read_stop(door->acceptors[i].socket);
    }
}

static void on_closed(void *data)
{
    struct visitor *visitor = data;
    struct door *door = visitor->door;

    metric_add(METRIC_CONNECTIONS, -1);
    client_disconnected(visitor);
    free(visitor);
    --door->connections;
    if (!door->accepting && !timer_is_set(&door->pause))
        set_accepting(door, true);
}

struct visitor *visitor_of(h2o_req_t *req)
{
    return req->conn->callbacks->get_socket(req->conn)->on_close.data;
}

static void on_pause_over(struct timer *timer)
{
    set_accepting(H2O_STRUCT_FROM_MEMBER(struct door, pause, timer), true);
}

static bool may_complain(struct door *door)
{
    uint64_t now = timers_now_ns(&door->loop->timers);

    if (door->complained_ns != 0 && now - door->complained_ns < COMPLAIN_MS * NS_PER_MS)
        return false;
    door->complained_ns = now;
    return true;
}

/* As many as this worker may have: the next waits in the kernel's queue until one closes. */
static void close_for_now(struct door *door)
{
    metric_add(METRIC_REFUSED_CONNECTIONS, 1);
    if (may_complain(door))
        log_warning("%zu connections: no more are accepted until one closes (--max-connections)", door->connections);
    set_accepting(door, false);
}

/* Neither descriptors nor memory come back by themselves within this turn of the loop. */
static void pause_accepting(struct door *door, int error)
{
    metric_add(METRIC_REFUSED_CONNECTIONS, 1);
    if (may_complain(door))
        log_warning("accept: %s", strerror(error));
    set_accepting(door, false);
    timer_set(&door->loop->timers, &door->pause, PAUSE_MS * NS_PER_MS);
}

static void set_options(int fd)
{
    int on = 1, timeout = USER_TIMEOUT_MS, lowat = NOTSENT_LOWAT;

    /* They fail on a Unix socket, which needs none of them. */
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
    setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout, sizeof(timeout));
    setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &lowat, sizeof(lowat));
}

static bool is_shortage(int error)
{
    return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

/* Counts the connection. Returns 0, or -1 when its address has too many: it is closed. */
static int admit(struct door *door, h2o_socket_t *socket)
{
    struct visitor *visitor = must_alloc(sizeof(*visitor));
    struct linger now = {.l_onoff = 1, .l_linger = 0};

    visitor->door = door;
    ++door->connections;
    metric_add(METRIC_CONNECTIONS, 1);
    socket->on_close.cb = on_closed;
    socket->on_close.data = visitor;
    set_options(h2o_socket_get_fd(socket));
    if (client_connected(visitor, h2o_socket_get_fd(socket)) == 0)
        return 0;
    /* A reset leaves nothing of it in the kernel. */
    setsockopt(h2o_socket_get_fd(socket), SOL_SOCKET, SO_LINGER, &now, sizeof(now));
    h2o_socket_close(socket);
    return -1;
}

static void on_acceptable(h2o_socket_t *listener, const char *err)
{
    struct door_acceptor *acceptor = listener->data;
    struct door *door = acceptor->door;

    if (err != NULL)
        return;
    for (int i = 0; i < DOOR_BATCH; ++i) {
        if (door->connections >= door->max_connections) {
            close_for_now(door);
            return;
        }
        h2o_socket_t *socket = h2o_evloop_socket_accept(listener);
        if (socket == NULL) {
            if (is_shortage(errno))
                pause_accepting(door, errno);
            return;
        }
        if (admit(door, socket) == 0)
            accept_start(&acceptor->reception, socket);
    }
}

void door_init(struct door *door, struct loop *loop, size_t max_connections)
{
    *door = (struct door){.loop = loop, .max_connections = max_connections, .accepting = true,
                           .pause = {.fire = on_pause_over}};
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
    acceptor->door = door;
    reception_init(&acceptor->reception, http2, host, tls);
    acceptor->socket = loop_watch(door->loop, fd, on_acceptable, acceptor);
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

void door_close(struct door *door)
{
    timer_cancel(&door->loop->timers, &door->pause);
    for (size_t i = 0; i < door->count; ++i)
        h2o_socket_close(door->acceptors[i].socket);
    door->count = 0;
}
