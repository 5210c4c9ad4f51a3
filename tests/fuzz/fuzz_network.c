/* fuzz_network.c -- an address that is understood is understood again as it is written, and lies in
 * every network that is made of it, whatever its length. */
#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include "network.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_address(const struct ip *ip)
{
    char text[IP_TEXT_MAX], named[IP_TEXT_MAX + 4];
    struct network network;
    struct ip again, customer = ip_of_customer(ip);

    ip_write(ip, text);
    assert(ip_parse(text, strlen(text), &again) == 0 && memcmp(ip, &again, sizeof(again)) == 0);
    for (unsigned bits = 0; bits <= (strchr(text, ':') == NULL ? 32 : 128); ++bits) {
        snprintf(named, sizeof(named), "%s/%u", text, bits);
        assert(network_parse(named, &network) == 0 && network_has(&network, ip));
        if (bits <= 64)
            assert(strchr(text, ':') == NULL || network_has(&network, &customer));
    }
}

/* What one bit more or less makes of it. */
static void check_network(const struct network *network)
{
    struct ip ip = network->ip;

    if (network->is_unix)
        return;
    assert(network->bits <= 128 && network_has(network, &ip));
    if (network->bits != 0) {
        ip.octets[(network->bits - 1) / 8] ^= (uint8_t)(0x80 >> (network->bits - 1) % 8);
        assert(!network_has(network, &ip));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct network network;
    struct ip ip;
    char text[128];

    if (ip_parse((const char *)data, size, &ip) == 0)
        check_address(&ip);
    if (size >= sizeof(text))
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    if (network_parse(text, &network) == 0)
        check_network(&network);
    return 0;
}
