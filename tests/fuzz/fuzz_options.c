/* fuzz_options.c -- a --config file is refused or gives values in their ranges. */
#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "options.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int fill_file(const uint8_t *data, size_t size, char *name, size_t room)
{
    int fd = memfd_create("options", 0);
    assert(fd >= 0 && write(fd, data, size) == (ssize_t)size);
    snprintf(name, room, "/proc/self/fd/%d", fd);
    return fd;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct options o;
    int status = -1;
    char name[64], *argv[] = {"pgcrier", "--config", name, NULL};
    int fd = fill_file(data, size, name, sizeof(name));
    log_set_level((enum log_level)-1); /* not even errors */
    if (options_parse(&o, 3, argv, &status) == 0) {
        assert(o.database != NULL && o.listen_count >= 1 && o.listen_count <= OPTIONS_MAX_LISTEN);
        for (size_t i = 0; i < o.listen_count; i++)
            assert((o.listen[i].port == NULL) != (o.listen[i].path == NULL));
        assert(o.admin_count <= OPTIONS_MAX_LISTEN && o.threads >= 1 && o.threads <= 64);
        assert(o.pool >= 1 && o.heartbeat_ms >= 20 && o.max_connections >= 1);
        assert(o.host_count <= OPTIONS_MAX_HOSTS);
        assert(o.public_dir == NULL || *o.public_dir != '\0');
        options_dispose(&o);
    } else {
        assert(status == 2);
    }
    close(fd);
    return 0;
}
