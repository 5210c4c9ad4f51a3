/* clock.c -- a wall clock that somebody sets, and time that passes at once (LD_PRELOAD).
 *
 * CLOCK_FILE holds the seconds by which the wall clock is wrong and, after a space, those by which the
 * monotonic one is ahead; it may be changed at any time. The kernel's clock is what it is: a timer of
 * its own fires when it would have fired without the change.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

static long offset(clockid_t clock)
{
    static int fd = -1;
    char text[32] = "";
    long wall = 0, monotonic = 0;

    if (fd == -1)
        fd = open(getenv("CLOCK_FILE"), O_RDONLY | O_CLOEXEC);
    if (pread(fd, text, sizeof(text) - 1, 0) > 0)
        sscanf(text, "%ld %ld", &wall, &monotonic);
    switch (clock) {
    case CLOCK_REALTIME:
    case CLOCK_REALTIME_COARSE:
        return wall;
    case CLOCK_MONOTONIC:
    case CLOCK_MONOTONIC_COARSE:
        return monotonic;
    default:
        return 0;
    }
}

int clock_gettime(clockid_t clock, struct timespec *now)
{
    int result = (int)syscall(SYS_clock_gettime, clock, now);

    if (result == 0)
        now->tv_sec += offset(clock);
    return result;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone)
{
    struct timespec precise;

    (void)zone;
    clock_gettime(CLOCK_REALTIME, &precise);
    *now = (struct timeval){precise.tv_sec, precise.tv_nsec / 1000};
    return 0;
}

time_t time(time_t *where)
{
    struct timespec precise;

    clock_gettime(CLOCK_REALTIME, &precise);
    if (where != NULL)
        *where = precise.tv_sec;
    return precise.tv_sec;
}

/* Set to a time on the clock that is shown; the kernel's is behind it. */
int timerfd_settime(int fd, int flags, const struct itimerspec *when, struct itimerspec *before)
{
    struct itimerspec kernels = *when;

    if ((flags & TFD_TIMER_ABSTIME) != 0 && kernels.it_value.tv_sec > offset(CLOCK_MONOTONIC))
        kernels.it_value.tv_sec -= offset(CLOCK_MONOTONIC);
    return (int)syscall(SYS_timerfd_settime, fd, flags, &kernels, before);
}
