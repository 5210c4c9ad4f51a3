/* test_sse_parser.c -- the yardstick itself: cases of the standard and of WPT's eventsource. */
#include "promise.h"

#include <string.h>
#include "sse_parser.h"

/* Feeds the text whole and octet by octet; both must see the same. */
static void parse(struct sse_parser *p, const char *text, size_t length)
{
    struct sse_parser slow;
    sse_init(p);
    sse_init(&slow);
    sse_feed(p, text, length);
    for (size_t i = 0; i < length; i++)
        sse_feed(&slow, text + i, 1);
    assert_int_equal(p->count, slow.count);
    for (size_t i = 0; i < p->count; i++)
        assert_string_equal(p->events[i].data, slow.events[i].data);
    sse_dispose(&slow);
}

#define PARSE(p, text) parse(p, text, sizeof(text) - 1)

static void line_ends(void **state)
{
    (void)state;
    struct sse_parser p;
    PARSE(&p, "data: a\r\ndata: b\rdata:c\n\ndata:d\r\r\n");
    assert_int_equal(p.count, 2);
    assert_string_equal(p.events[0].data, "a\nb\nc");
    assert_string_equal(p.events[1].data, "d");
    sse_dispose(&p);
}

static void empty_data(void **state)
{
    (void)state;
    struct sse_parser p;
    PARSE(&p, "data\n\ndata:\ndata\n\ndata:test\n");
    assert_int_equal(p.count, 2); /* the block without an end is discarded */
    assert_string_equal(p.events[0].data, "");
    assert_string_equal(p.events[1].data, "\n");
    assert_false(sse_is_idle(&p));
    sse_dispose(&p);
}

static void fields(void **state)
{
    (void)state;
    struct sse_parser p;
    PARSE(&p, "retry: 20\nevent:  x\ndata:  y\nid: 7\n\n:c\nid: 8\n\nevent: z\n\ndata:1\n\n");
    assert_int_equal(p.retry, 20);
    assert_int_equal(p.comments, 1);
    assert_int_equal(p.count, 2);
    assert_string_equal(p.events[0].type, " x");
    assert_string_equal(p.events[0].data, " y");
    assert_string_equal(p.events[0].id, "7");
    assert_string_equal(p.events[1].type, "message");
    assert_string_equal(p.events[1].id, "8");
    assert_int_equal(p.oddities, 0);
    sse_dispose(&p);
}

static void oddities(void **state)
{
    (void)state;
    struct sse_parser p;
    PARSE(&p, "retry: 1a\nid: a\0b\nfoo: 1\n data: x\n\n");
    assert_int_equal(p.count, 0);
    assert_int_equal(p.oddities, 4);
    assert_int_equal(p.retry, -1);
    assert_string_equal(p.last_id, "");
    sse_dispose(&p);
}

static void byte_order_mark(void **state)
{
    (void)state;
    struct sse_parser p;
    PARSE(&p, "\xef\xbb\xbf" "data:1\n\n\xef\xbb\xbf" "data:2\n\n");
    assert_int_equal(p.count, 1);
    assert_int_equal(p.oddities, 1);
    sse_dispose(&p);
}

static void chunks(void **state)
{
    (void)state;
    size_t n = 0;
    const char *content = sse_unchunk("a\r\n0123456789\r\n", 15, &n);
    assert_non_null(content);
    assert_memory_equal(content, "0123456789", n);
    assert_null(sse_unchunk("b\r\n0123456789\r\n", 15, &n));
    assert_null(sse_unchunk("a\r\n0123456789\r\n1", 16, &n));
    assert_null(sse_unchunk("a\n0123456789\r\n", 14, &n));
    assert_null(sse_unchunk("0\r\n\r\n", 5, &n));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PROMISE("sse: lines end in LF, CR or CRLF", line_ends),
        PROMISE("sse: empty data lines count, an unfinished event does not", empty_data),
        PROMISE("sse: event, id and retry mean what the standard says", fields),
        PROMISE("sse: unknown fields, ids with NUL and wrong retries are ignored", oddities),
        PROMISE("sse: one leading byte order mark is dropped", byte_order_mark),
        PROMISE("sse: a chunk is exactly as long as it says", chunks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
