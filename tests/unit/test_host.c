/* test_host.c -- which names are served. */
#include "promise.h"

#include <stdlib.h>
#include <string.h>
#include "host.h"

static bool is_served(const char *authority)
{
    static char *names[] = {"localhost", "192.0.2.7", "[::1]"};
    struct options options = {.host = {names[0], names[1], names[2]}, .host_count = 3};

    return host_is_served(&options, h2o_iovec_init(authority, strlen(authority)));
}

static void served(void **state)
{
    static const char *const ours[] = {"localhost", "LocalHost:8080", "192.0.2.7:80", "[::1]", "[::1]:8443", "localhost:"};
    static const char *const foreign[] = {"", ":", ":80", "evil.example", "localhost.evil.example", "evil.localhost", "localhos",
                                          "localhost.", "::1", "[::1", "[::11]", "[::1]x", "192.0.2.70", "[", "[]:1"};

    (void)state;
    for (size_t i = 0; i < sizeof(ours) / sizeof(*ours); ++i)
        assert_true(is_served(ours[i]));
    for (size_t i = 0; i < sizeof(foreign) / sizeof(*foreign); ++i)
        assert_false(is_served(foreign[i]));
    assert_false(is_served("evil.example"));
    assert_true(host_is_served(&(struct options){.host_count = 0}, h2o_iovec_init(NULL, 0)));
}

static void spelled(void **state)
{
    static const char *const wrong[] = {"", "a:80", "::1", "[::1", "[]", "[::1]:80", "http://a", "a b", "*", "[localhost]", "a/b"};

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); ++i)
        assert_null(host_parse(wrong[i]));
    char *name = host_parse("Relay-1.Example"), *address = host_parse("[FD00::1]");
    assert_string_equal(name, "relay-1.example");
    assert_string_equal(address, "[fd00::1]");
    free(name);
    free(address);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PROMISE("host: S15: named ones in any case and with any port, nothing that looks like one; without names any", served),
        PROMISE("host: a name or address as browsers spell it, without a port", spelled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
