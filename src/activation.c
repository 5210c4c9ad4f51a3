/* activation.c -- see activation.h. */
#include "activation.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buffer.h"

enum { FIRST_FD = 3 };

static size_t count;
static enum listening_kind kinds[ACTIVATION_MAX];

static enum listening_kind kind_of(const char *name)
{
    if (name != NULL && strcmp(name, "admin") == 0)
        return LISTENING_ADMIN;
    return name != NULL && strcmp(name, "tls") == 0 ? LISTENING_TLS : LISTENING_PLAIN;
}

static void read_names(const char *list)
{
    char *copy = list == NULL ? NULL : must_strdup(list), *rest = copy;

    for (size_t i = 0; i < count; ++i)
        kinds[i] = kind_of(rest == NULL ? NULL : strsep(&rest, ":"));
    free(copy);
}

void activation_init(void)
{
    const char *pid = getenv("LISTEN_PID"), *number = getenv("LISTEN_FDS"), *list = getenv("LISTEN_FDNAMES");

    if (pid != NULL && number != NULL && atol(pid) == (long)getpid()) {
        long n = atol(number);
        count = n < 0 ? 0 : n > ACTIVATION_MAX ? ACTIVATION_MAX : (size_t)n;
        read_names(list);
    }
    unsetenv("LISTEN_PID");
    unsetenv("LISTEN_FDS");
    unsetenv("LISTEN_FDNAMES");
}

size_t activation_count(enum listening_kind kind)
{
    size_t n = 0;

    for (size_t i = 0; i < count; ++i)
        n += kinds[i] == kind;
    return n;
}

int activation_fd(enum listening_kind kind, size_t i)
{
    for (size_t at = 0; at < count; ++at) {
        if (kinds[at] == kind && i-- == 0)
            return FIRST_FD + (int)at;
    }
    return -1;
}
