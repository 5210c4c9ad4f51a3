/* test_network.c -- addresses and networks, and what counts as one customer. */
#include "promise.h"

#include <string.h>
#include "network.h"

static void same(const char *text, const char *wanted)
{
    struct ip ip;
    char written[IP_TEXT_MAX];

    assert_int_equal(ip_parse(text, strlen(text), &ip), 0);
    ip_write(&ip, written);
    assert_string_equal(written, wanted);
}

static void addresses_with_and_without_ports(void **state)
{
    (void)state;
    same("192.0.2.1", "192.0.2.1");
    same("192.0.2.1:8080", "192.0.2.1");
    same("2001:db8::1", "2001:db8::1");
    same("[2001:db8::1]", "2001:db8::1");
    same("[2001:db8::1]:443", "2001:db8::1");
    same("::ffff:192.0.2.1", "192.0.2.1");
    same("::1", "::1");
}

static void what_is_no_address(void **state)
{
    static const char *const wrong[] = {
        "", "unknown", "_hidden", "192.0.2", "192.0.2.256", "192.0.2.1:", "192.0.2.1:http", "192.0.2.1:123456",
        "[::1", "::1]", "[::1]x", "[::1]:", "192.0.2.1 ", "1:2", "::g", "example.org",
        "192.0.2.1192.0.2.1192.0.2.1192.0.2.1192.0.2.1192.0.2.1",
    };
    struct ip ip;

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); ++i)
        assert_int_equal(ip_parse(wrong[i], strlen(wrong[i]), &ip), -1);
    assert_int_equal(ip_parse("::1\0", 4, &ip), -1);
}

static bool has(const char *network, const char *address)
{
    struct network n;
    struct ip ip;

    assert_int_equal(network_parse(network, &n), 0);
    assert_int_equal(ip_parse(address, strlen(address), &ip), 0);
    return network_has(&n, &ip);
}

static void networks_have_what_their_bits_say(void **state)
{
    (void)state;
    assert_true(has("192.0.2.1", "192.0.2.1"));
    assert_false(has("192.0.2.1", "192.0.2.2"));
    assert_true(has("10.0.0.0/8", "10.255.0.1"));
    assert_false(has("10.0.0.0/8", "11.0.0.0"));
    assert_true(has("192.0.2.128/25", "192.0.2.129"));
    assert_false(has("192.0.2.128/25", "192.0.2.127"));
    assert_true(has("0.0.0.0/0", "8.8.8.8"));
    assert_false(has("0.0.0.0/0", "2001:db8::1"));
    assert_true(has("2001:db8::/33", "2001:db8:7fff::1"));
    assert_false(has("2001:db8::/33", "2001:db8:8000::1"));
    assert_true(has("::/0", "192.0.2.1"));
    assert_false(has("unix", "127.0.0.1"));
}

static void what_is_no_network(void **state)
{
    static const char *const wrong[] = {"", "/8", "10.0.0.0/", "10.0.0.0/33", "::/129", "10.0.0.0/x", "10/8",
                                        "10.0.0.0/-1", "10.0.0.0/8/8", "[::1]/128", "Unix", "*"};
    struct network n;

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); ++i)
        assert_int_equal(network_parse(wrong[i], &n), -1);
}

static void a_customer_is_an_ipv4_address_or_a_64(void **state)
{
    struct ip ip;
    char text[IP_TEXT_MAX];

    (void)state;
    ip_parse("2001:db8:1:2:3:4:5:6", 20, &ip);
    ip = ip_of_customer(&ip);
    ip_write(&ip, text);
    assert_string_equal(text, "2001:db8:1:2::");
    ip_parse("192.0.2.77", 10, &ip);
    ip = ip_of_customer(&ip);
    ip_write(&ip, text);
    assert_string_equal(text, "192.0.2.77");
}

static void loopback(void **state)
{
    static const char *const yes[] = {"127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"};
    static const char *const no[] = {"128.0.0.1", "::2", "10.0.0.1", "::"};
    struct ip ip;

    (void)state;
    for (size_t i = 0; i < 4; ++i) {
        assert_int_equal(ip_parse(yes[i], strlen(yes[i]), &ip), 0);
        assert_true(ip_is_loopback(&ip));
        assert_int_equal(ip_parse(no[i], strlen(no[i]), &ip), 0);
        assert_false(ip_is_loopback(&ip));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_with_and_without_ports),
        cmocka_unit_test(what_is_no_address),
        cmocka_unit_test(networks_have_what_their_bits_say),
        cmocka_unit_test(what_is_no_network),
        cmocka_unit_test(a_customer_is_an_ipv4_address_or_a_64),
        cmocka_unit_test(loopback),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
