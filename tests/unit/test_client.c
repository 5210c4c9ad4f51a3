/* test_client.c -- for which addresses the door closes after what they did. */
#include "promise.h"

#include <netinet/in.h>
#include <string.h>
#include "client.h"
#include "door.h"
#include "log.h"

static const char *peer; /* whoever connects */

/* In place of the C library's. */
int getpeername(int fd, __SOCKADDR_ARG address, socklen_t *restrict length)
{
    struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)address.__sockaddr__;
    struct ip ip;

    (void)fd;
    assert_int_equal(ip_parse(peer, strlen(peer), &ip), 0);
    *in6 = (struct sockaddr_in6){.sin6_family = AF_INET6};
    memcpy(&in6->sin6_addr, ip.octets, sizeof(ip.octets));
    *length = sizeof(*in6);
    return 0;
}

static void attack(const char *address, int times)
{
    struct visitor visitor = {0};

    peer = address;
    (void)client_arrived(&visitor, -1);
    for (int i = 0; i < times; ++i)
        client_misbehaved(&visitor, PENALTY_ATTACK);
}

static bool is_let_in(const char *address)
{
    struct visitor visitor = {0};

    peer = address;
    return client_arrived(&visitor, -1) == 0;
}

static void given(const struct options *options)
{
    static struct options copy;

    copy = *options;
    clients_init(&copy);
}

static void by_default_twenty_for_all_but_this_machine(void **state)
{
    (void)state;
    given(&(struct options){.max_address_cuts = OPTIONS_NOT_GIVEN});
    attack("192.0.2.1", CLIENT_CUTS_MAX);
    assert_true(is_let_in("192.0.2.1"));
    attack("192.0.2.1", CLIENT_CUTS_MAX);
    assert_false(is_let_in("192.0.2.1"));
    assert_true(is_let_in("192.0.2.2"));
    attack("127.0.0.1", 1000);
    assert_true(is_let_in("127.0.0.1"));
}

static void a_limit_holds_for_this_machine_too(void **state)
{
    (void)state;
    given(&(struct options){.max_address_cuts = 1});
    attack("::1", 10);
    assert_false(is_let_in("::1"));
}

static void none_holds_for_nobody(void **state)
{
    (void)state;
    given(&(struct options){.max_address_cuts = 0});
    attack("192.0.2.3", 1000);
    assert_true(is_let_in("192.0.2.3"));
}

static void a_trusted_proxy_is_never_punished(void **state)
{
    struct options options = {.max_address_cuts = 1, .trusted_proxy_count = 1};

    (void)state;
    assert_int_equal(network_parse("192.0.2.128/25", &options.trusted_proxy[0]), 0);
    given(&options);
    attack("192.0.2.129", 1000);
    assert_true(is_let_in("192.0.2.129"));
    attack("192.0.2.4", 10);
    assert_false(is_let_in("192.0.2.4"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PROMISE("client: by default twenty for all but this machine", by_default_twenty_for_all_but_this_machine),
        PROMISE("client: a limit holds for this machine, too", a_limit_holds_for_this_machine_too),
        PROMISE("client: without a limit nobody is refused", none_holds_for_nobody),
        PROMISE("client: a trusted proxy is never punished", a_trusted_proxy_is_never_punished),
    };

    log_set_level((enum log_level)-1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
