/* short_writes.c -- a kernel in a bad mood (LD_PRELOAD): writes that take a part, calls that are interrupted.
 *
 * Every third write to a socket takes at most 7 octets, every fifth read or write of one fails with
 * EINTR, every seventh with EAGAIN.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum { PIECE = 7 };

static int is_stream(int fd)
{
    struct stat st;
    int type = 0;
    socklen_t length = sizeof(type);

    return fstat(fd, &st) == 0 && S_ISSOCK(st.st_mode) &&
           getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &length) == 0 && type == SOCK_STREAM;
}

/* 0, or the errno of a call that fails. */
static int mood(unsigned *number)
{
    static _Atomic unsigned calls;

    *number = ++calls;
    return *number % 5 == 0 ? EINTR : *number % 7 == 0 ? EAGAIN : 0;
}

ssize_t writev(int fd, const struct iovec *iov, int count)
{
    static ssize_t (*real)(int, const struct iovec *, int);
    unsigned number;

    if (real == NULL)
        real = (ssize_t (*)(int, const struct iovec *, int))dlsym(RTLD_NEXT, "writev");
    if (count == 0 || !is_stream(fd))
        return real(fd, iov, count);
    if ((errno = mood(&number)) != 0)
        return -1;
    if (number % 3 != 0)
        return real(fd, iov, count);
    struct iovec piece = {iov[0].iov_base, iov[0].iov_len < PIECE ? iov[0].iov_len : PIECE};
    return real(fd, &piece, 1);
}

ssize_t read(int fd, void *bytes, size_t size)
{
    static ssize_t (*real)(int, void *, size_t);
    unsigned number;

    if (real == NULL)
        real = (ssize_t (*)(int, void *, size_t))dlsym(RTLD_NEXT, "read");
    if (!is_stream(fd))
        return real(fd, bytes, size);
    if ((errno = mood(&number)) != 0)
        return -1;
    return real(fd, bytes, number % 3 == 0 && size > PIECE ? PIECE : size);
}
