/* late_shutdown.c -- a kernel whose packets cross (LD_PRELOAD): a connection that is shut down both ways has got
 * something more just before.
 *
 * For that shutdown() waits until there is something to read, ten seconds at most.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <poll.h>
#include <stddef.h>
#include <sys/socket.h>

enum { LIMIT_MS = 10000 };

int shutdown(int fd, int how)
{
    static int (*real)(int, int);
    struct pollfd readable = {.fd = fd, .events = POLLIN};

    if (real == NULL)
        real = (int (*)(int, int))dlsym(RTLD_NEXT, "shutdown");
    if (how == SHUT_RDWR)
        poll(&readable, 1, LIMIT_MS);
    return real(fd, how);
}
