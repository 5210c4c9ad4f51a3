/* test_buffer.c -- bytes with a ceiling. */
#include "promise.h"

#include <stdlib.h>
#include <string.h>
#include "buffer.h"

static void up_to_the_ceiling(void **state)
{
    (void)state;
    for (size_t ceiling = 0; ceiling < 300; ceiling++) {
        struct buffer b;
        buffer_init(&b, ceiling);
        for (size_t i = 0; i < ceiling; i++)
            assert_int_equal(buffer_append(&b, "x", 1), 0);
        assert_int_equal(b.length, ceiling);
        assert_true(b.capacity <= ceiling + 1);
        assert_int_equal(buffer_append(&b, "", 0), 0);
        assert_int_equal(buffer_append(&b, "x", 1), -1);
        assert_int_equal(b.length, ceiling);
        assert_int_equal(strlen(b.bytes), ceiling);
        assert_true(b.overflowed);
        buffer_dispose(&b);
    }
}

static void overflow_sticks(void **state)
{
    (void)state;
    struct buffer b;
    buffer_init(&b, 4);
    assert_int_equal(buffer_puts(&b, "abc"), 0);
    assert_int_equal(buffer_puts(&b, "de"), -1);
    assert_int_equal(buffer_puts(&b, "d"), -1);
    assert_string_equal(b.bytes, "abc");
    buffer_clear(&b);
    assert_int_equal(b.length, 0);
    assert_int_equal(buffer_puts(&b, "defg"), 0);
    assert_string_equal(b.bytes, "defg");
    assert_int_equal(buffer_append(&b, "x", SIZE_MAX), -1);
    buffer_dispose(&b);
}

static void formatting(void **state)
{
    (void)state;
    struct buffer b;
    buffer_init(&b, 1000);
    for (int i = 0; i < 100; i++)
        assert_int_equal(buffer_printf(&b, "%d/%s,", i, "abc"), 0);
    assert_int_equal(b.length, 10 * 6 + 90 * 7);
    assert_int_equal(strlen(b.bytes), b.length);
    assert_string_equal(b.bytes + b.length - 7, "99/abc,");
    assert_int_equal(buffer_printf(&b, "%310d", 1), 0);
    assert_int_equal(b.length, 1000);
    assert_int_equal(buffer_printf(&b, "%d", 1), -1);
    assert_int_equal(strlen(b.bytes), 1000);
    buffer_dispose(&b);
}

static void json_strings(void **state)
{
    (void)state;
    struct buffer b;
    buffer_init(&b, 1000);
    const char text[] = "a\"\\/\b\f\n\r\t\x01\x1f \x7f\0é\xe2\x80\xa8";
    assert_int_equal(buffer_json_string(&b, text, sizeof(text) - 1), 0);
    assert_string_equal(b.bytes,
                        "\"a\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\\u001f \x7f\\u0000é\xe2\x80\xa8\"");
    buffer_clear(&b);
    assert_int_equal(buffer_json_string(&b, "", 0), 0);
    assert_string_equal(b.bytes, "\"\"");
    buffer_dispose(&b);
}

static void no_half_strings(void **state)
{
    (void)state;
    const char whole[] = "x\"a\\nb\\\"c\"";
    for (size_t ceiling = 1; ceiling <= sizeof(whole) - 1; ceiling++) {
        struct buffer b;
        buffer_init(&b, ceiling);
        buffer_puts(&b, "x");
        int result = buffer_json_string(&b, "a\nb\"c", 5);
        assert_int_equal(result, ceiling == sizeof(whole) - 1 ? 0 : -1);
        assert_string_equal(b.bytes, result == 0 ? whole : "x");
        assert_int_equal(b.length, strlen(b.bytes));
        assert_int_equal(b.overflowed, result != 0);
        buffer_dispose(&b);
    }
}

static void stealing(void **state)
{
    (void)state;
    struct buffer b;
    size_t length = 7;
    buffer_init(&b, 10);
    char *bytes = buffer_steal(&b, &length);
    assert_string_equal(bytes, "");
    assert_int_equal(length, 0);
    free(bytes);
    buffer_append(&b, "a\0b", 3);
    bytes = buffer_steal(&b, &length);
    assert_memory_equal(bytes, "a\0b", 4);
    assert_int_equal(length, 3);
    free(bytes);
    assert_int_equal(b.length, 0);
    assert_int_equal(buffer_puts(&b, "0123456789"), 0); /* the ceiling stays */
    assert_int_equal(buffer_puts(&b, "0"), -1);
    free(buffer_steal(&b, NULL));
    buffer_dispose(&b);
    buffer_dispose(&b); /* twice is fine */
}

static void memory(void **state)
{
    (void)state;
    static const char zeros[4096];
    char *zeroed = must_alloc(4096), *nothing = must_alloc(0), *cut = must_strndup("abcdef", 3);
    char *empty = must_strndup(NULL, 0);
    assert_memory_equal(zeroed, zeros, 4096);
    assert_non_null(nothing);
    assert_string_equal(cut, "abc");
    assert_string_equal(empty, "");
    free(zeroed);
    free(nothing);
    free(cut);
    free(empty);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PROMISE("buffer: holds its ceiling to the octet and not one more", up_to_the_ceiling),
        PROMISE("buffer: one check at the end of a chain is enough", overflow_sticks),
        PROMISE("buffer: printf appends all or nothing", formatting),
        PROMISE("buffer: a JSON string escapes what RFC 8259 demands and nothing else",
                json_strings),
        PROMISE("buffer: a JSON string that does not fit leaves no half of itself",
                no_half_strings),
        PROMISE("buffer: stealing never gives NULL and leaves an empty buffer", stealing),
        PROMISE("buffer: fresh memory is zeroed", memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
