/* activation.h -- listening sockets that another process has opened (systemd.socket(5), sd_listen_fds(3)).
 *
 * LISTEN_PID says whom they are for, LISTEN_FDS how many follow from descriptor 3 on, LISTEN_FDNAMES
 * what they are called. Those called "admin" take the place of --admin, those called "tls" that of
 * --tls-listen, and all others that of --listen.
 */
#ifndef PGCRIER_ACTIVATION_H
#define PGCRIER_ACTIVATION_H

#include <stddef.h>
#include "listening.h"

enum { ACTIVATION_MAX = 48 };

/* Reads the environment, and takes it away from children. */
void activation_init(void);
/* How many sockets of this kind were passed. */
size_t activation_count(enum listening_kind kind);
/* The i-th of them. */
int activation_fd(enum listening_kind kind, size_t i);

#endif
