/* progress.h -- whether a peer takes what it is sent. */
#ifndef PGCRIER_PROGRESS_H
#define PGCRIER_PROGRESS_H

#include <h2o.h>
#include <stdint.h>

/* Octets that the peer's kernel has acknowledged so far; UINT64_MAX where that cannot be told: on a Unix
 * socket, whose other end is a proxy of this machine with rules of its own for who is slow. */
uint64_t progress_acknowledged(h2o_socket_t *socket);

#endif
