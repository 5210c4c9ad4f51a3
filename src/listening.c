/* listening.c -- see listening.h. */
#include "listening.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "buffer.h"
#include "log.h"

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
    if (bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0 && listen(fd, LISTENING_BACKLOG) == 0)
        return fd;
    close(fd);
    return -1;
}

static int open_resolved(const struct addrinfo *ai, bool every_interface, bool shared)
{
    int on = 1, off = 0;
    int fd = socket(ai->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd == -1)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (shared)
        setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on));
    if (every_interface && ai->ai_family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off)); /* IPv4, too */
    if (bind(fd, ai->ai_addr, ai->ai_addrlen) == 0 && listen(fd, LISTENING_BACKLOG) == 0)
        return fd;
    int saved = errno;
    close(fd);
    errno = saved;
    return -1;
}

static int open_tcp(const char *host, const char *port, bool shared, const char **err)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    struct addrinfo *list, *ai;
    int fd = -1, status = getaddrinfo(host == NULL ? "::" : host, port, &hints, &list);

    if (host == NULL && (status != 0 || (fd = open_resolved(list, true, shared)) == -1)) {
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
        fd = open_resolved(ai, host == NULL, shared);
    *err = strerror(errno);
    freeaddrinfo(list);
    return fd;
}

/* --- handing over ----------------------------------------------------------------------------- */

#ifndef SO_DETACH_REUSEPORT_BPF
#define SO_DETACH_REUSEPORT_BPF 68
#endif

/* All connections go to the socket of this number, or, where there is none, to any. */
static void prefer(int fd, unsigned number)
{
    struct sock_filter code[] = {BPF_STMT(BPF_RET | BPF_K, number)};
    struct sock_fprog program = {.len = 1, .filter = code};

    if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &program, sizeof(program)) != 0)
        log_warning("--reuse-port: %s", strerror(errno));
}

void listening_yield(int fd)
{
    prefer(fd, 1);
}

void listening_hand_over(struct listening *listening)
{
    if (listening->owner == LISTENING_SHARED)
        return; /* until listening_is_ready() */
    close(listening->fd);
    listening->fd = -1;
}

void listening_is_ready(struct listening *listening)
{
    int unused = 0;

    if (listening->owner != LISTENING_SHARED)
        return;
    setsockopt(listening->fd, SOL_SOCKET, SO_DETACH_REUSEPORT_BPF, &unused, sizeof(unused));
    close(listening->fd);
    listening->fd = -1;
}

void listening_unlink(struct listening *listening)
{
    if (listening->path != NULL)
        unlink(listening->path);
}

/* --- opening ---------------------------------------------------------------------------------- */

static char *url_of_unix(const char *path)
{
    char *url = must_alloc(strlen(path) + 6);
    sprintf(url, "unix:%s", path);
    return url;
}

static const char *scheme_of(enum listening_kind kind)
{
    return kind == LISTENING_TLS ? "https" : "http";
}

/* `host` is NULL for all interfaces. */
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
                   bool shared, char *err, size_t err_size)
{
    const char *host = address->host == NULL && kind == LISTENING_ADMIN ? "127.0.0.1" : address->host;
    const char *why = NULL;

    *listening = (struct listening){.kind = kind, .owner = shared ? LISTENING_SHARED : LISTENING_OPENED};
    if (address->path != NULL) {
        listening->owner = LISTENING_OPENED;
        if ((listening->fd = open_unix(address->path)) == -1) {
            snprintf(err, err_size, "cannot listen on unix:%s: %s", address->path, strerror(errno));
            return -1;
        }
        listening->url = url_of_unix(address->path);
        listening->path = must_strdup(address->path);
        return 0;
    }
    if ((listening->fd = open_tcp(host, address->port, shared, &why)) == -1) {
        snprintf(err, err_size, "cannot listen on %s:%s: %s", host == NULL ? "*" : host, address->port, why);
        return -1;
    }
    if (shared)
        prefer(listening->fd, 0);
    listening->everywhere = host == NULL;
    listening->url = url_of(listening->fd, host, scheme_of(kind));
    return 0;
}

/* The host as a socket tells it; NULL for all interfaces. */
static const char *host_of(const struct sockaddr_storage *address, char host[NI_MAXHOST])
{
    if (getnameinfo((const struct sockaddr *)address, sizeof(*address), host, NI_MAXHOST, NULL, 0, NI_NUMERICHOST) != 0)
        return NULL;
    return strcmp(host, "0.0.0.0") == 0 || strcmp(host, "::") == 0 ? NULL : host;
}

int listening_adopt(struct listening *listening, int fd, enum listening_kind kind, char *err, size_t err_size)
{
    struct sockaddr_storage address = {0};
    socklen_t length = sizeof(address), int_length = sizeof(int);
    char text[NI_MAXHOST];
    const char *host;
    int listens = 0;

    if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &int_length) != 0 || !listens ||
        getsockname(fd, (struct sockaddr *)&address, &length) != 0) {
        snprintf(err, err_size, "descriptor %d, passed as LISTEN_FDS says, is no listening socket", fd);
        return -1;
    }
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    *listening = (struct listening){.fd = fd, .kind = kind, .owner = LISTENING_PASSED};
    if (address.ss_family == AF_UNIX) {
        listening->url = url_of_unix(((struct sockaddr_un *)&address)->sun_path);
        return 0;
    }
    host = host_of(&address, text);
    listening->everywhere = host == NULL;
    listening->url = url_of(fd, host, scheme_of(kind));
    return 0;
}
