/* test_range.c -- which octets a client wants. */
#include "promise.h"

#include <stdlib.h>
#include <string.h>
#include "range.h"

static uint64_t first, last;

static enum range_kind of(const char *header, uint64_t length)
{
    char *exact = malloc(strlen(header) + 1); /* so that a sanitizer sees a read behind the end */
    memcpy(exact, header, strlen(header));
    enum range_kind kind = range_of(exact, strlen(header), length, &first, &last);
    free(exact);
    return kind;
}

static void is_one(const char *header, uint64_t length, uint64_t from, uint64_t to)
{
    assert_int_equal(of(header, length), RANGE_ONE);
    assert_int_equal(first, from);
    assert_int_equal(last, to);
}

static void one_range(void **state)
{
    (void)state;
    is_one("bytes=0-0", 10, 0, 0);
    is_one("bytes=0-", 10, 0, 9);
    is_one("bytes=9-9", 10, 9, 9);
    is_one("bytes=3-99", 10, 3, 9);
    is_one("bytes=-1", 10, 9, 9);
    is_one("bytes=-10", 10, 0, 9);
    is_one("bytes=-11", 10, 0, 9);
    is_one("Bytes=1-2", 10, 1, 2);
    is_one("bytes=\t1-2 ", 10, 1, 2);
    is_one("bytes=007-008", 10, 7, 8);
}

static void large_numbers(void **state)
{
    (void)state;
    is_one("bytes=1-18446744073709551615", 10, 1, 9);
    is_one("bytes=1-99999999999999999999999999999999", 10, 1, 9);
    is_one("bytes=-99999999999999999999999999999999", 10, 0, 9);
    assert_int_equal(of("bytes=99999999999999999999999999999999-", 10), RANGE_UNSATISFIABLE);
    assert_int_equal(of("bytes=18446744073709551616-18446744073709551617", 10), RANGE_UNSATISFIABLE);
}

static void unsatisfiable(void **state)
{
    (void)state;
    assert_int_equal(of("bytes=10-", 10), RANGE_UNSATISFIABLE);
    assert_int_equal(of("bytes=10-11", 10), RANGE_UNSATISFIABLE);
    assert_int_equal(of("bytes=-0", 10), RANGE_UNSATISFIABLE);
    assert_int_equal(of("bytes=0-", 0), RANGE_UNSATISFIABLE);
    assert_int_equal(of("bytes=-1", 0), RANGE_UNSATISFIABLE);
}

static void no_range(void **state)
{
    static const char *const headers[] = {
        "", "b", "bytes", "bytes=", "bytes=-", "bytes=1", "bytes=5-1", "bytes=a-", "bytes=1-a", "bytes=1-2x",
        "bytes=--1", "bytes=1--2", "bytes=+1-2", "bytes=0-1,3-4", "bytes=0-1,", "bytes=,0-1", "octets=0-1",
        "bytes:0-1", "bytes = 0-1", "bytes=1 - 2", "bytes=0x1-2",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(headers) / sizeof(*headers); ++i)
        assert_int_equal(of(headers[i], 10), RANGE_WHOLE);
    assert_int_equal(range_of(NULL, 0, 10, &first, &last), RANGE_WHOLE);
}

static void conditions(void **state)
{
    (void)state;
    assert_true(range_if("\"abc\"", 5, "abc"));
    assert_false(range_if("W/\"abc\"", 7, "abc"));
    assert_false(range_if("\"abd\"", 5, "abc"));
    assert_false(range_if("\"abcd\"", 6, "abc"));
    assert_false(range_if("abc", 3, "abc"));
    assert_false(range_if("\"", 1, ""));
    assert_false(range_if("", 0, "abc"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PROMISE("range: one range, cut to the length", one_range),
        PROMISE("range: a number too large is a large number", large_numbers),
        PROMISE("range: what lies behind the end is unsatisfiable", unsatisfiable),
        PROMISE("range: several, and what is none, mean the whole", no_range),
        PROMISE("range: If-Range is a strong ETag, or false", conditions),
    };
    return cmocka_run_group_tests_name("range", tests, NULL, NULL);
}
