/* address.h -- where to listen. */
#ifndef PGCRIER_ADDRESS_H
#define PGCRIER_ADDRESS_H

/* Host and port, or a Unix socket. */
struct address {
    char *host; /* NULL: all interfaces (for admin: 127.0.0.1) */
    char *port; /* decimal, "0" picks a free one; NULL for a Unix socket */
    char *path; /* Unix socket; NULL otherwise */
};

/* PORT, HOST:PORT, [IPV6]:PORT, or unix:PATH. `address` is zeroed. Returns 0, or -1 for anything else. */
int address_parse(const char *text, struct address *address);
void address_dispose(struct address *address);

#endif
