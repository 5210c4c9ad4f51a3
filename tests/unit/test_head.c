/* test_head.c -- what two readers of one head could disagree on is refused; and origins, as they are
 * given on the command line. */
#include "promise.h"

#include <stdlib.h>
#include <string.h>
#include "head.h"
#include "origin.h"

static const char *fault(const char *text)
{
    size_t length = 0;
    const char *result = head_fault(text, strlen(text), &length);

    if (result == NULL)
        assert_int_equal(length, strlen(text) - (strstr(text, "BODY") != NULL ? 4 : 0));
    return result;
}

static void a_clean_head_is_measured(void **state)
{
    (void)state;
    assert_null(fault("GET / HTTP/1.1\r\n\r\n"));
    assert_null(fault("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nBODY"));
    assert_null(fault("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nBODY"));
    assert_null(fault("GET / HTTP/1.1\r\nX-Content-Length: 1\r\nContent-Length-X: 2\r\nContent-Length: 0\r\n\r\n"));
}

static void what_is_unclear_is_refused(void **state)
{
    static const char *const wrong[] = {
        "POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n",
        "POST / HTTP/1.1\r\ncontent-length: 1\r\nCONTENT-LENGTH: 2\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n",
        "GET / HTTP/1.1\nHost: x\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\n\n",
        "GET / HTTP/1.1\r\nA: b\r\n c\r\n\r\n",
        "GET / HTTP/1.1\r\nA: b\r\n\tContent-Length: 3\r\n\r\n",
        "GET / HTTP/1.1\r\nA: b\rContent-Length: 3\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\n",
        "",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); ++i)
        assert_non_null(fault(wrong[i]));
}

static void empty_lines_before_the_request_are_skipped(void **state)
{
    size_t length = 0;

    (void)state;
    assert_null(head_fault("\r\n\r\nGET / HTTP/1.1\r\n\r\n", 22, &length));
    assert_int_equal(length, 22); /* they count: they have come, too */
}

static void an_origin(const char *text, const char *wanted)
{
    char *origin = origin_parse(text);

    if (wanted == NULL) {
        assert_null(origin);
    } else {
        assert_non_null(origin);
        assert_string_equal(origin, wanted);
    }
    free(origin);
}

static void origins_are_spelled_as_browsers_do(void **state)
{
    (void)state;
    an_origin("*", "*");
    an_origin("https://example.org", "https://example.org");
    an_origin("HTTPS://Example.ORG", "https://example.org");
    an_origin("https://example.org:443", "https://example.org");
    an_origin("http://example.org:80", "http://example.org");
    an_origin("http://example.org:443", "http://example.org:443");
    an_origin("http://[::1]:3000", "http://[::1]:3000");
    an_origin("chrome-extension://abc", "chrome-extension://abc");
    an_origin("null", NULL);
    an_origin("", NULL);
    an_origin("example.org", NULL);
    an_origin("https://", NULL);
    an_origin("://x", NULL);
    an_origin("https://example.org/", NULL);
    an_origin("https://example.org/path", NULL);
    an_origin("https://*.example.org", NULL);
    an_origin("https://a b", NULL);
    an_origin("https://a\r\nX: y", NULL);
    an_origin("https://user@example.org", NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_clean_head_is_measured),
        cmocka_unit_test(what_is_unclear_is_refused),
        cmocka_unit_test(empty_lines_before_the_request_are_skipped),
        cmocka_unit_test(origins_are_spelled_as_browsers_do),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
