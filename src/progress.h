/* progress.h -- whether a peer takes what it is sent. */
#ifndef PGCRIER_PROGRESS_H
#define PGCRIER_PROGRESS_H

#include <h2o.h>
#include <stdint.h>

/* Octets that the peer's kernel has acknowledged so far; always 0 on a Unix socket. */
uint64_t progress_acknowledged(h2o_socket_t *socket);

#endif
