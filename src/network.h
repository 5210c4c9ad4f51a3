/* network.h -- IP addresses, and networks of them.
 *
 * One form for both families: an IPv4 address is kept as IPv6 writes it, ::ffff:192.0.2.1, so that a
 * client is the same whether it came in over a socket of the one or of the other.
 */
#ifndef PGCRIER_NETWORK_H
#define PGCRIER_NETWORK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

struct ip {
    uint8_t octets[16];
};

enum { IP_TEXT_MAX = 46 };

/* An address, perhaps with brackets and a port: 192.0.2.1, 192.0.2.1:80, 2001:db8::1, [2001:db8::1]:80.
 * Returns 0, or -1 for anything else. */
int ip_parse(const char *text, size_t length, struct ip *ip);
/* Returns 0, or -1 when the socket's address is none of IP. */
int ip_from_sockaddr(const struct sockaddr *address, struct ip *ip);
void ip_write(const struct ip *ip, char text[IP_TEXT_MAX]);
bool ip_is_loopback(const struct ip *ip);
/* What counts as one client: an IPv4 address; of IPv6 the /64 that one customer gets. */
struct ip ip_of_customer(const struct ip *ip);

struct network {
    struct ip ip;
    unsigned bits; /* of the 128 */
    bool is_unix;  /* not a network: whoever comes over a Unix socket */
};

/* ADDRESS, ADDRESS/BITS, or "unix". Returns 0, or -1 for anything else. */
int network_parse(const char *text, struct network *network);
bool network_has(const struct network *network, const struct ip *ip);

#endif
