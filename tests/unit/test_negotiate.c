/* test_negotiate.c -- what a client prefers. */
#include "promise.h"

#include <stdlib.h>
#include <string.h>
#include "negotiate.h"

static bool stream(const char *accept)
{
    char *exact = malloc(strlen(accept) + 1); /* so that a sanitizer sees a read behind the end */
    memcpy(exact, accept, strlen(accept));
    bool result = negotiate_stream(exact, strlen(accept));
    free(exact);
    return result;
}

static void what_clients_send(void **state)
{
    (void)state;
    assert_true(stream("text/event-stream")); /* EventSource */
    assert_false(stream("*/*"));              /* curl, fetch() */
    assert_false(stream("application/json"));
    assert_false(stream("text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,"
                        "image/webp,*/*;q=0.8")); /* a browser's address bar */
    assert_true(stream("text/event-stream, */*"));
    assert_false(stream(""));
    assert_false(negotiate_stream(NULL, 0));
}

static void weights(void **state)
{
    (void)state;
    assert_true(stream("application/json;q=0.8, text/event-stream"));
    assert_false(stream("text/event-stream;q=0.8, application/json"));
    assert_true(stream("application/json;q=0.998, text/event-stream;q=0.999"));
    assert_false(stream("text/event-stream;q=0"));
    assert_false(stream("text/event-stream;q=0.000, text/html"));
    assert_true(stream("application/json;q=0, text/event-stream;q=0.001"));
    assert_true(stream("application/json;q=0, text/*"));
    assert_false(stream("*/*, text/event-stream;q=0"));
    assert_true(stream("text/event-stream;q=1.000, application/json;q=0.9"));
    assert_true(stream("text/event-stream ; Q=0.5 , application/json;q=0.4"));
    assert_true(stream("text/event-stream;charset=utf-8;q=0.5, application/json;q=0.4"));
    assert_true(stream("text/event-stream;q=0.5;x=1, application/json;q=0.4"));
}

static void order(void **state)
{
    (void)state;
    assert_true(stream("text/event-stream, application/json"));
    assert_false(stream("application/json, text/event-stream"));
    assert_true(stream("text/html;q=0.1, TEXT/Event-Stream;q=0.5, application/json;q=0.5"));
    assert_false(stream("application/json, text/event-stream, application/json"));
}

static void ranges(void **state)
{
    (void)state;
    assert_false(stream("text/*, */*")); /* one q for both, neither named */
    assert_false(stream("text/*, application/*"));
    assert_true(stream("text/*, */*;q=0.5"));
    assert_true(stream("text/*"));
    assert_false(stream("application/*"));
    assert_true(stream("*/*, text/event-stream"));
    assert_false(stream("*/*, application/json"));
    assert_false(stream("text/*, application/json"));
    assert_true(stream("application/*, text/event-stream"));
    assert_true(stream("*/*;q=0.1, text/event-stream;q=0.2"));
    assert_false(stream("text/*;q=0.9, text/event-stream;q=0.1, */*;q=0.5")); /* the name decides */
}

static void garbage(void **state)
{
    (void)state;
    static const char *const no[] = {
        ",", ";", "/", "*", "text", "text/", "text/event-stream/", "text/event-streams", "\"",
        ";q=1",
        "\"text/event-stream", "text/event-stream;q=", "text/event-stream;q=2",
        "text/event-stream;q=1.001", "text/event-stream;q=-1", "text/event-stream;q=a",
        "text/event-stream;q=.5", "text/event-stream;q=0.5.5", "text/event-stream;q=0,5",
        "text/event-stream;q=\"0.5\"", "text/event-stream;q= 0.5", "text /event-stream",
        "application/json;q=x", "application/json;q=-1, text/html", "\xff\xfe",
    };
    for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++)
        if (stream(no[i]))
            fail_msg("%s makes a stream", no[i]);
    assert_true(stream(",,garbage;;=,text/event-stream,\"")); /* the rest still counts */
    assert_true(stream("a;b=\"x,application/json;\\\",application/json\", text/event-stream"));
}

static bool none_match(const char *header, const char *etag)
{
    char *exact = malloc(strlen(header) + 1);
    memcpy(exact, header, strlen(header));
    bool result = negotiate_none_match(exact, strlen(header), etag);
    free(exact);
    return result;
}

static void tags(void **state)
{
    (void)state;
    assert_true(none_match("\"abc\"", "abc"));
    assert_true(none_match("W/\"abc\"", "abc"));
    assert_true(none_match("\"x\", \"abc\"", "abc"));
    assert_true(none_match("\"x\",W/\"y\" ,W/\"abc\", \"z\"", "abc"));
    assert_true(none_match("\"a,b\",\"abc\"", "abc"));
    assert_true(none_match("\"a\\\",\"abc\"", "abc")); /* a backslash escapes nothing in a tag */
    assert_true(none_match("*", "abc"));
    assert_true(none_match(" * ", "abc"));
    assert_true(none_match("\"\"", ""));
    assert_true(none_match("junk, \"abc\"", "abc"));
}

static void other_tags(void **state)
{
    (void)state;
    static const char *const no[] = {
        "", " ", "abc", "\"ABC\"", "\"abcd\"", "\"ab\"", "\"abc", "abc\"", "w/\"abc\"", "W\"abc\"",
        "W/abc", "W/", "\"*\"", "*, \"x\"", "\"x,abc\"", "'abc'", "\"x\"abc\"", "junk\"abc\"", ",,",
        "\"\"",
    };
    for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++)
        if (none_match(no[i], "abc"))
            fail_msg("%s names abc", no[i]);
    assert_false(negotiate_none_match(NULL, 0, "abc"));
}

static void event_ids(void **state)
{
    (void)state;
    char id[66];
    memset(id, 'a', sizeof(id));
    assert_true(negotiate_is_event_id("Az09_-", 6));
    assert_true(negotiate_is_event_id(id, 64));
    assert_false(negotiate_is_event_id(id, 65));
    assert_false(negotiate_is_event_id("", 0));
    for (int c = 0; c < 256; c++) {
        char text[] = {'a', (char)c};
        bool fine = c > 0 && c < 128 &&
                    strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-", c);
        assert_int_equal(negotiate_is_event_id(text, 2), fine);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PROMISE("negotiate: EventSource gets a stream, everybody else JSON", what_clients_send),
        PROMISE("negotiate: the higher q-value wins", weights),
        PROMISE("negotiate: of equal q-values the first named wins", order),
        PROMISE("negotiate: a name goes before a range, two ranges mean JSON", ranges),
        PROMISE("negotiate: garbage means JSON and spoils nothing around it", garbage),
        PROMISE("negotiate: If-None-Match compares weakly", tags),
        PROMISE("negotiate: If-None-Match names nothing but what it names", other_tags),
        PROMISE("negotiate: an event id is 1 to 64 of A-Z a-z 0-9 _ -", event_ids),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
