/* address.c -- see address.h. */
#include "address.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "buffer.h"

void address_dispose(struct address *address)
{
    free(address->host);
    free(address->port);
    free(address->path);
    *address = (struct address){NULL, NULL, NULL};
}

static int parse_unix(const char *path, struct address *address)
{
    size_t length = strlen(path);

    if (length == 0 || length >= sizeof(((struct sockaddr_un *)NULL)->sun_path))
        return -1;
    address->path = must_strdup(path);
    return 0;
}

/* Brackets enclose a host with colons, and no other. */
static int parse_host(const char *host, size_t length, struct address *address)
{
    bool bracketed = length > 2 && host[0] == '[' && host[length - 1] == ']';

    if (bracketed)
        host++, length -= 2;
    if (length == 0 || memchr(host, '[', length) != NULL || memchr(host, ']', length) != NULL ||
        (memchr(host, ':', length) != NULL) != bracketed)
        return -1;
    address->host = must_strndup(host, length);
    return 0;
}

static bool is_port(const char *text)
{
    return *text != '\0' && strspn(text, "0123456789") == strlen(text) && strtoul(text, NULL, 10) <= 65535;
}

int address_parse(const char *text, struct address *address)
{
    if (strncmp(text, "unix:", 5) == 0)
        return parse_unix(text + 5, address);
    const char *colon = strrchr(text, ':'), *port = colon != NULL ? colon + 1 : text;
    if (!is_port(port))
        return -1;
    if (colon != NULL && parse_host(text, (size_t)(colon - text), address) != 0)
        return -1;
    address->port = must_strdup(port);
    return 0;
}
