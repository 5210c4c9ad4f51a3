/* test_supervisor.c -- what a supervisor hears, and that it hears nothing when a worker hangs. */
#include "promise.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include "supervisor.h"

static struct loop loop;
static int fd;

static void heard(const char *wanted)
{
    char text[64];
    ssize_t length = recv(fd, text, sizeof(text) - 1, 0);

    assert_true(length > 0);
    text[length] = '\0';
    assert_string_equal(text, wanted);
}

static void run_ms(uint64_t ms)
{
    for (uint64_t end = monotonic_ns() + ms * NS_PER_MS; monotonic_ns() < end;)
        h2o_evloop_run(loop.evloop, 5);
}

static size_t drained(void)
{
    char text[64];
    size_t n = 0;

    while (recv(fd, text, sizeof(text), MSG_DONTWAIT) > 0)
        ++n;
    return n;
}

/* From now on it says that much, however slow the machine is, while so many workers turn; main() sees to
 * it that this does not last for ever. */
static void goes_on(size_t times, unsigned workers)
{
    drained();
    for (size_t n = 0; n < times; n += drained()) {
        for (unsigned i = 0; i < workers; ++i)
            supervisor_alive(i);
        run_ms(5);
    }
}

static int setup(void **state)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char path[64];

    (void)state;
    snprintf(path, sizeof(path), "@pgcrier-test-%d", (int)getpid());
    memcpy(address.sun_path + 1, path + 1, strlen(path) - 1);
    fd = socket(AF_UNIX, SOCK_DGRAM, 0);
    if (bind(fd, (struct sockaddr *)&address, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path))) != 0)
        return -1;
    setenv("NOTIFY_SOCKET", path, 1);
    setenv("WATCHDOG_USEC", "100000", 1);
    loop_init(&loop);
    supervisor_init(&loop, 2);
    return 0;
}

static void it_is_told(void **state)
{
    (void)state;
    assert_null(getenv("NOTIFY_SOCKET"));
    supervisor_ready();
    heard("READY=1");
    supervisor_stopping();
    heard("STOPPING=1");
    while (poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, 0) == 0)
        run_ms(5);
    heard("WATCHDOG=1");
    goes_on(4, 0);
}

static void a_worker_that_hangs_makes_it_silent(void **state)
{
    (void)state;
    goes_on(2, 2);
    for (int i = 0; i < 16; ++i) { /* longer than a worker may be silent */
        run_ms(200);
        supervisor_alive(0);
    }
    drained();
    run_ms(300);
    assert_int_equal(drained(), 0);
    supervisor_left(1);
    goes_on(4, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PROMISE("supervisor: it is told ready, stopping, and that the loop turns", it_is_told),
        PROMISE("supervisor: P11: a worker that hangs makes it silent; one that has left does not",
                a_worker_that_hangs_makes_it_silent),
    };
    alarm(120); /* one that stays silent would keep us waiting */
    return cmocka_run_group_tests(tests, setup, NULL);
}
