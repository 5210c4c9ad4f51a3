/* network.c -- see network.h. */
#include "network.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

static bool is_ipv4(const struct ip *ip)
{
    return memcmp(ip->octets, mapped, sizeof(mapped)) == 0;
}

static int parse_bare(const char *text, struct ip *ip)
{
    if (inet_pton(AF_INET6, text, ip->octets) == 1)
        return 0;
    memcpy(ip->octets, mapped, sizeof(mapped));
    return inet_pton(AF_INET, text, ip->octets + sizeof(mapped)) == 1 ? 0 : -1;
}

static bool is_port(const char *text)
{
    size_t digits = strspn(text, "0123456789");
    return digits != 0 && digits <= 5 && text[digits] == '\0';
}

int ip_parse(const char *text, size_t length, struct ip *ip)
{
    char copy[IP_TEXT_MAX + 8], *address = copy, *end;

    if (length == 0 || length >= sizeof(copy) || memchr(text, '\0', length) != NULL)
        return -1;
    memcpy(copy, text, length);
    copy[length] = '\0';
    if (*copy == '[') {
        if ((end = strchr(copy, ']')) == NULL || (end[1] != '\0' && (end[1] != ':' || !is_port(end + 2))))
            return -1;
        *end = '\0';
        ++address;
    } else if ((end = strchr(copy, ':')) != NULL && strchr(end + 1, ':') == NULL) {
        if (!is_port(end + 1))
            return -1;
        *end = '\0'; /* one colon: of a port */
    }
    return parse_bare(address, ip);
}

int ip_from_sockaddr(const struct sockaddr *address, struct ip *ip)
{
    if (address->sa_family == AF_INET6) {
        memcpy(ip->octets, &((const struct sockaddr_in6 *)address)->sin6_addr, sizeof(ip->octets));
        return 0;
    }
    if (address->sa_family != AF_INET)
        return -1;
    memcpy(ip->octets, mapped, sizeof(mapped));
    memcpy(ip->octets + sizeof(mapped), &((const struct sockaddr_in *)address)->sin_addr, 4);
    return 0;
}

void ip_write(const struct ip *ip, char text[IP_TEXT_MAX])
{
    if (is_ipv4(ip))
        inet_ntop(AF_INET, ip->octets + sizeof(mapped), text, IP_TEXT_MAX);
    else
        inet_ntop(AF_INET6, ip->octets, text, IP_TEXT_MAX);
}

bool ip_is_loopback(const struct ip *ip)
{
    static const struct ip loopback = {{[15] = 1}};

    return is_ipv4(ip) ? ip->octets[sizeof(mapped)] == 127 : memcmp(ip, &loopback, sizeof(*ip)) == 0;
}

struct ip ip_of_customer(const struct ip *ip)
{
    struct ip customer = *ip;

    if (!is_ipv4(ip))
        memset(customer.octets + 8, 0, 8);
    return customer;
}

int network_parse(const char *text, struct network *network)
{
    const char *slash = strchr(text, '/');
    size_t length = slash == NULL ? strlen(text) : (size_t)(slash - text);
    char copy[IP_TEXT_MAX];
    unsigned family_bits;

    *network = (struct network){.bits = 128, .is_unix = strcmp(text, "unix") == 0};
    if (network->is_unix)
        return 0;
    if (length >= sizeof(copy))
        return -1;
    memcpy(copy, text, length);
    copy[length] = '\0';
    if (parse_bare(copy, &network->ip) != 0)
        return -1;
    if (slash == NULL)
        return 0;
    family_bits = strchr(copy, ':') == NULL ? 32 : 128;
    if (!is_port(slash + 1) || (unsigned)atoi(slash + 1) > family_bits)
        return -1;
    network->bits = 128 - family_bits + (unsigned)atoi(slash + 1);
    return 0;
}

bool network_has(const struct network *network, const struct ip *ip)
{
    unsigned whole = network->bits / 8, rest = network->bits % 8;

    if (network->is_unix || memcmp(network->ip.octets, ip->octets, whole) != 0)
        return false;
    return rest == 0 || (network->ip.octets[whole] ^ ip->octets[whole]) >> (8 - rest) == 0;
}
