/* reset.h -- a connection that is cut leaves nothing behind. */
#ifndef PGCRIER_RESET_H
#define PGCRIER_RESET_H

#include <h2o.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

/* What the kernel still holds for a peer that does not take it goes at once, instead of waiting for
 * half a minute of probes; and the peer, if it lives, hears of it at once (socket(7), SO_LINGER). */
static inline void reset_on_close(h2o_socket_t *socket)
{
    struct linger now = {.l_onoff = 1, .l_linger = 0};

    setsockopt(h2o_socket_get_fd(socket), SOL_SOCKET, SO_LINGER, &now, sizeof(now));
}

/* The peer gets all that is on its way to it, and is forgotten a second later, not a minute. A peer that
 * found its window shut while it was still sending hears nothing before it is forgotten: the kernel opens no
 * window after shutdown(2), and answers for the dead connection that it is shut (tcp(7), TCP_LINGER2). */
static inline void forget_on_close(h2o_socket_t *socket)
{
    int seconds = 1;

    setsockopt(h2o_socket_get_fd(socket), IPPROTO_TCP, TCP_LINGER2, &seconds, sizeof(seconds));
}

#endif
