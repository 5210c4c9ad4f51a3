/* reset.h -- a connection that is cut leaves nothing behind. */
#ifndef PGCRIER_RESET_H
#define PGCRIER_RESET_H

#include <h2o.h>
#include <sys/socket.h>

/* What the kernel still holds for a peer that does not take it goes at once, instead of waiting for
 * half a minute of probes; and the peer, if it lives, hears of it at once (socket(7), SO_LINGER). */
static inline void reset_on_close(h2o_socket_t *socket)
{
    struct linger now = {.l_onoff = 1, .l_linger = 0};

    setsockopt(h2o_socket_get_fd(socket), SOL_SOCKET, SO_LINGER, &now, sizeof(now));
}

#endif
