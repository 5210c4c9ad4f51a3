/* listening.h -- listening sockets, and how one relay hands them to the next.
 *
 * They are opened once, before the threads start; every worker accepts from its own duplicate. A socket
 * has one of three owners:
 *
 *  - opened here. While it drains, the relay takes what the kernel has queued and closes it: further
 *    connections are refused.
 *  - passed by systemd or the like (activation.h). Whoever accepts first has a connection, and a relay that
 *    starts does not before it can serve (opening.h). While it drains, the socket is closed without a look
 *    at its queue, which is the successor's.
 *  - opened with --reuse-port: the successor opens the same address and both are asked. The kernel
 *    divides connections among the sockets of an address by a classic BPF program that any of them
 *    may set. The successor lets the first one have all until it is ready (listening_is_ready()); the
 *    one that drains lets the second one have all, goes on accepting what was meant for it, and
 *    then closes; one that drains before it was ready leaves all to the first. So no connection is
 *    refused. The older one is always the first: sockets are
 *    numbered as they come, and the last takes the place of one that goes. More than two at a time
 *    share the load, but a drain among them may reset a few connections.
 */
#ifndef PGCRIER_LISTENING_H
#define PGCRIER_LISTENING_H

#include <stdbool.h>
#include <stddef.h>
#include "address.h"

enum { LISTENING_BACKLOG = 4096 }; /* connections that the kernel queues at most */

enum listening_kind { LISTENING_PLAIN, LISTENING_TLS, LISTENING_ADMIN };
enum listening_owner { LISTENING_OPENED, LISTENING_PASSED, LISTENING_SHARED };

struct listening {
    int fd;
    enum listening_kind kind;
    enum listening_owner owner;
    char *url;  /* for people: http://127.0.0.1:8080 */
    bool everywhere; /* on all interfaces; `url` is one way there */
    char *path; /* of a Unix socket that was opened here; NULL otherwise */
};

/* Opens an address. Returns 0, or -1 with one clear line in `err`. */
int listening_open(struct listening *listening, const struct address *address, enum listening_kind kind,
                   bool shared, char *err, size_t err_size);
/* Takes a socket that listens already. Returns 0, or -1 with one clear line in `err`. */
int listening_adopt(struct listening *listening, int fd, enum listening_kind kind, char *err, size_t err_size);
/* Closes the process's own descriptor: once the workers have closed theirs, a connection is refused
 * instead of left waiting. */
void listening_hand_over(struct listening *listening);
/* We can serve: our part of the connections may come. Ends what is left of the hand-over. */
void listening_is_ready(struct listening *listening);
/* Lets the successor have all further connections, of a shared socket. */
void listening_yield(int fd);
/* Takes a Unix socket's name away, so that nobody finds it any more. */
void listening_unlink(struct listening *listening);

#endif
