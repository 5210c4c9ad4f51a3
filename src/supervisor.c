/* supervisor.c -- see supervisor.h. */
#include "supervisor.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "buffer.h"
#include "log.h"

enum { SILENCE_MIN_MS = 3000 /* a worker speaks once a second; a loaded machine may be late */ };

static int notify_fd = -1;
static struct sockaddr_un address = {.sun_family = AF_UNIX};
static socklen_t address_length;

static struct loop *core_loop;
static uint64_t watchdog_ns; /* 0: nobody asks */
static struct timer watchdog;
static unsigned count;
static _Atomic uint64_t *alive_ns; /* of each worker; 0 before its first turn and after its last */

static void say(const char *text)
{
    if (notify_fd != -1 && sendto(notify_fd, text, strlen(text), MSG_NOSIGNAL | MSG_DONTWAIT,
                                  (struct sockaddr *)&address, address_length) == -1)
        log_debug("NOTIFY_SOCKET: %s was not heard", text);
}

void supervisor_ready(void)
{
    say("READY=1");
}

void supervisor_stopping(void)
{
    say("STOPPING=1");
}

void supervisor_alive(unsigned worker)
{
    atomic_store_explicit(&alive_ns[worker], monotonic_ns(), memory_order_relaxed);
}

void supervisor_left(unsigned worker)
{
    atomic_store_explicit(&alive_ns[worker], 0, memory_order_relaxed);
}

/* A worker that has not begun, or has left, does not hang. */
static bool all_turn(void)
{
    uint64_t now = monotonic_ns(), silence = watchdog_ns;

    if (silence < SILENCE_MIN_MS * NS_PER_MS)
        silence = SILENCE_MIN_MS * NS_PER_MS;
    for (unsigned i = 0; i < count; ++i) {
        uint64_t last = atomic_load_explicit(&alive_ns[i], memory_order_relaxed);
        if (last != 0 && now > last && now - last > silence)
            return false;
    }
    return true;
}

static void on_watchdog(struct timer *timer)
{
    timer_set(&core_loop->timers, timer, watchdog_ns / 2);
    if (all_turn())
        say("WATCHDOG=1");
    else
        log_error("a worker's loop does not turn");
}

static void open_socket(const char *path)
{
    size_t length = path == NULL ? 0 : strlen(path);

    if (length < 2 || length >= sizeof(address.sun_path) || strchr("/@", path[0]) == NULL)
        return;
    memcpy(address.sun_path, path, length);
    if (path[0] == '@') /* abstract */
        address.sun_path[0] = '\0';
    address_length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
    notify_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
}

void supervisor_init(struct loop *loop, unsigned workers)
{
    const char *usec = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");

    core_loop = loop;
    count = workers;
    alive_ns = must_alloc(workers * sizeof(*alive_ns));
    open_socket(getenv("NOTIFY_SOCKET"));
    if (notify_fd != -1 && usec != NULL && (pid == NULL || atol(pid) == (long)getpid()))
        watchdog_ns = strtoull(usec, NULL, 10) * 1000;
    if (watchdog_ns != 0) {
        watchdog.fire = on_watchdog;
        timer_set(&loop->timers, &watchdog, watchdog_ns / 2);
    }
    unsetenv("NOTIFY_SOCKET");
    unsetenv("WATCHDOG_USEC");
    unsetenv("WATCHDOG_PID");
}
