/* test_notification.c -- decode one NOTIFY payload. */
#include "promise.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "notification.h"

static void check(const char *payload, size_t length, enum notification_kind kind, const char *text)
{
    struct notification n;
    char *exact = malloc(length + 1); /* so that a sanitizer sees a read behind the end */
    memcpy(exact, payload, length);
    notification_decode(&n, exact, length);
    free(exact);
    if (n.kind != kind)
        fail_msg("%.*s is of kind %d", (int)length, payload, n.kind);
    if (text == NULL)
        assert_null(n.text);
    else
        assert_string_equal(n.text, text);
    notification_dispose(&n);
    assert_null(n.text);
}

#define IS_TOPIC(json, text) check(json, sizeof(json) - 1, NOTIFICATION_TOPIC, text)
#define IS_TEMPLATE(json, text) check(json, sizeof(json) - 1, NOTIFICATION_TEMPLATE, text)
#define IS_ROUTES(json) check(json, sizeof(json) - 1, NOTIFICATION_ROUTES, NULL)
#define IS_UNKNOWN(json) check(json, sizeof(json) - 1, NOTIFICATION_UNKNOWN, NULL)

/* An announcement's data comes byte for byte. */
static void check_announcement(const char *payload, const char *topic, const char *event, const char *data)
{
    struct notification n;
    size_t length = strlen(payload);
    char *exact = malloc(length);
    memcpy(exact, payload, length);
    notification_decode(&n, exact, length);
    if (n.kind != NOTIFICATION_ANNOUNCEMENT)
        fail_msg("%s is of kind %d", payload, n.kind);
    assert_string_equal(n.text, topic);
    assert_string_equal(n.event, event);
    assert_int_equal(n.data_length, strlen(data));
    assert_memory_equal(n.data, data, n.data_length);
    notification_dispose(&n);
    assert_null(n.event);
    free(exact);
}

static void announcements(void **state)
{
    static const char *const values[] = {
        "null", "true", "false", "0", "-1.5e3", "17", "\"\"", "\"a\\\"\\u0000\\ud83d\\ude00\"", "[]", "{}",
        "[1, [2], {\"topic\":\"x\",\"data\":[{}],\"event\":null}]", "{ \"a\" :\r\n{\"data\":1}\t}",
        "\"\xe2\x80\xa8 \xf0\x9f\x98\x80\"",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        char json[256];
        snprintf(json, sizeof(json), "{\"topic\":\"t\",\"event\":\"e\",\"data\":%s}", values[i]);
        check_announcement(json, "t", "e", values[i]);
        snprintf(json, sizeof(json), " { \"data\" \n:\t %s , \"x\":[{\"data\":2}], \"event\":\"e\",\"topic\":\"t\"}",
                 values[i]);
        check_announcement(json, "t", "e", values[i]);
    }
    check_announcement("{\"topic\":\"\\\"\\\\\\n\",\"event\":\"\\u00e9 :x\",\"\\u0064ata\":1}", "\"\\\n", "é :x", "1");
}

static void no_announcements(void **state)
{
    (void)state;
    IS_UNKNOWN("{\"topic\":\"t\",\"event\":\"e\"}");
    IS_UNKNOWN("{\"topic\":\"t\",\"data\":1}");
    IS_UNKNOWN("{\"event\":\"e\",\"data\":1}");
    IS_UNKNOWN("{\"template\":\"t\",\"event\":\"e\",\"data\":1}");
    IS_UNKNOWN("{\"template\":\"t\",\"topic\":\"t\",\"event\":\"e\",\"data\":1}");
    IS_UNKNOWN("{\"routes\":true,\"topic\":\"t\",\"event\":\"e\",\"data\":1}");
    IS_UNKNOWN("{\"topic\":\"t\",\"event\":\"e\",\"data\":1,\"data\":1}");
    IS_UNKNOWN("{\"topic\":\"t\",\"event\":\"e\",\"data\":1,\"event\":\"e\"}");
    IS_UNKNOWN("{\"topic\":\"t\",\"event\":\"\",\"data\":1}");
    IS_UNKNOWN("{\"topic\":\"t\",\"event\":null,\"data\":1}");
    IS_UNKNOWN("{\"topic\":\"t\",\"event\":[\"e\"],\"data\":1}");
    IS_UNKNOWN("{\"topic\":\"t\",\"event\":\"a\\nid: 1\",\"data\":1}");
    IS_UNKNOWN("{\"topic\":\"t\",\"event\":\"a\\r\",\"data\":1}");
    IS_UNKNOWN("{\"topic\":\"t\",\"event\":\"a\\u0000\",\"data\":1}");
    IS_UNKNOWN("{\"topic\":\"t\",\"event\":\"a\\u007f\",\"data\":1}");
    IS_UNKNOWN("{\"topic\":\"\",\"event\":\"e\",\"data\":1}");
    IS_UNKNOWN("{\"topic\":\"t\",\"event\":\"e\",\"data\":}");
    IS_UNKNOWN("{\"topic\":\"t\",\"event\":\"e\",\"data\"");
    IS_UNKNOWN("{\"topic\":\"t\",\"event\":\"e\",\"data\":");
    IS_UNKNOWN("{\"topic\":\"t\",\"event\":\"e\",\"data\"::1}");
    IS_UNKNOWN("{\"topic\":\"t\",\"event\":\"e\",\"data\":01}");
    IS_UNKNOWN("{\"topic\":\"t\",\"event\":\"e\",\"data\":{\"a\":1}");
    IS_UNKNOWN("{\"topic\":\"t\",\"event\":\"e\",\"data\":nul}");
    IS_UNKNOWN("{\"topic\":\"t\",\"event\":\"e\",\"data\"\v:1}"); /* its data began with the colon */
    IS_UNKNOWN("{\"topic\":\"t\",\"event\":\"e\",\"data\":[1,\f2]}");
}

static void three_shapes(void **state)
{
    (void)state;
    IS_TOPIC("{\"topic\":\"thread/17\"}", "thread/17");
    IS_TEMPLATE("{\"template\":\"thread/{root_id}\"}", "thread/{root_id}");
    IS_ROUTES("{\"routes\":true}");
    IS_TOPIC(" {\r\n\t\"topic\" : \"/a\" } ", "/a");
    IS_TOPIC("{\"\\u0074opic\":\"\\u00e9\\ud83d\\ude00\\/\\\"\\\\\"}", "é😀/\"\\");
    IS_TOPIC("{\"topic\":\"é😀\"}", "é😀");
}

static void newer_schema(void **state)
{
    (void)state;
    IS_TOPIC("{\"topic\":\"a\",\"key\":\"/a\",\"others\":[\"/b\"],\"xid\":17,\"snapshot\":\"1:2:\","
             "\"signature\":null,\"document\":{\"topic\":\"x\",\"routes\":[true,{}]}}", "a");
    IS_TEMPLATE("{\"x\":[[{\"template\":1,\"topic\":2}],{\"a\":{}}],\"template\":\"t/{a}\"}",
                "t/{a}");
    IS_ROUTES("{\"a\":1e999,\"b\":-0.5,\"c\":123456789012345678901234567890,\"routes\":true}");
    IS_TOPIC("{\"a\":1,\"a\":2,\"topic\":\"a\"}", "a");
    IS_TOPIC("{\"Topic\":1,\"topics\":2,\"topi\":3,\"\":4,\"topic\\u0000\":5,\"topic\":\"a\"}",
             "a");
    IS_UNKNOWN("{\"key\":\"a\"}");
    IS_UNKNOWN("{\"x\":{\"topic\":\"a\"}}");
    IS_UNKNOWN("{}");
}

static void wrong_types(void **state)
{
    (void)state;
    static const char *const values[] = {"null", "true", "false", "1", "-1.5e3", "[]", "{}",
                                         "[\"a\"]", "{\"topic\":\"a\"}", "\"\""};
    static const char *const keys[] = {"topic", "template", "routes"};
    for (size_t k = 0; k < 3; k++) {
        for (size_t v = 0; v < sizeof(values) / sizeof(values[0]); v++) {
            char json[128];
            int length = snprintf(json, sizeof(json), "{\"%s\":%s}", keys[k], values[v]);
            bool fine = k == 2 && v == 1;
            check(json, (size_t)length, fine ? NOTIFICATION_ROUTES : NOTIFICATION_UNKNOWN, NULL);
        }
    }
    IS_UNKNOWN("{\"routes\":\"true\"}");
    IS_UNKNOWN("{\"topic\":{},\"routes\":true}");
    IS_UNKNOWN("{\"topic\":[],\"routes\":true}");
    IS_UNKNOWN("{\"template\":{\"x\":[]},\"topic\":\"a\"}");
    IS_UNKNOWN("{\"topic\":\"a\",\"template\":null}");
}

static void one_thing(void **state)
{
    (void)state;
    IS_UNKNOWN("{\"topic\":\"a\",\"topic\":\"a\"}");
    IS_UNKNOWN("{\"topic\":\"a\",\"template\":\"a\"}");
    IS_UNKNOWN("{\"topic\":\"a\",\"routes\":true}");
    IS_UNKNOWN("{\"routes\":true,\"topic\":\"a\"}");
    IS_UNKNOWN("{\"routes\":true,\"routes\":true}");
    IS_UNKNOWN("{\"routes\":true,\"routes\":false}");
}

static void not_objects(void **state)
{
    (void)state;
    IS_UNKNOWN("");
    IS_UNKNOWN(" ");
    IS_UNKNOWN("null");
    IS_UNKNOWN("true");
    IS_UNKNOWN("17");
    IS_UNKNOWN("\"topic\"");
    IS_UNKNOWN("[]");
    IS_UNKNOWN("[{\"topic\":\"a\"}]");
    IS_UNKNOWN("thread/17");
    IS_UNKNOWN("a:b");
}

static void not_json(void **state)
{
    (void)state;
    IS_UNKNOWN("{");
    IS_UNKNOWN("{\"topic\":\"a\"");
    IS_UNKNOWN("{\"topic\":\"a");
    IS_UNKNOWN("{\"topic\":\"a\"}}");
    IS_UNKNOWN("{\"topic\":\"a\"} x");
    IS_UNKNOWN("{\"topic\":\"a\"}{\"topic\":\"a\"}");
    IS_UNKNOWN("{\"topic\":\"a\"}\0");
    IS_UNKNOWN("{\"topic\":\"a\",}");
    IS_UNKNOWN("{topic:\"a\"}");
    IS_UNKNOWN("{'topic':'a'}");
    IS_UNKNOWN("{\"topic\":\"a\"/**/}");
    IS_UNKNOWN("// x\n{\"topic\":\"a\"}");
    IS_UNKNOWN("\xef\xbb\xbf{\"topic\":\"a\"}");
    IS_UNKNOWN("{\"topic\":\"a\nb\"}");
    IS_UNKNOWN("{\"topic\":\"\xff\"}");
    /* yajl takes this for '/' and the next one for a surrogate. */
    IS_UNKNOWN("{\"topic\":\"\xc0\xaf\"}");
    IS_UNKNOWN("{\"topic\":\"\xed\xa0\x80\"}");
    IS_UNKNOWN("{\"\xc0\xaf\":1,\"topic\":\"a\"}");
    IS_UNKNOWN("{\"topic\":\"\\x\"}");
}

static void no_inner_nul(void **state)
{
    (void)state;
    IS_UNKNOWN("{\"topic\":\"a\\u0000b\"}");
    IS_UNKNOWN("{\"template\":\"\\u0000\"}");
    IS_UNKNOWN("{\"topic\":\"a\0b\"}");
    IS_UNKNOWN("{\"topic\0\":\"a\"}");
}

static void surrogates(void **state)
{
    (void)state;
    IS_UNKNOWN("{\"topic\":\"\\ude00\"}");
    IS_UNKNOWN("{\"topic\":\"\\uad83\\ude00\"}"); /* found by fuzzing */
    IS_TOPIC("{\"topic\":\"\\ud83d\\ude00\"}", "😀");
}

static void size_at_most(void **state)
{
    (void)state;
    static char json[8001], text[8001];
    for (size_t length = 7998; length <= 8000; length++) {
        size_t inner = length - strlen("{\"topic\":\"\"}");
        memset(json, 'a', length);
        memcpy(json, "{\"topic\":\"", 10);
        memcpy(json + length - 2, "\"}", 2);
        memset(text, 'a', inner);
        text[inner] = '\0';
        if (length < 8000)
            check(json, length, NOTIFICATION_TOPIC, text);
        else
            check(json, length, NOTIFICATION_UNKNOWN, NULL);
    }
}

static void any_depth(void **state)
{
    (void)state;
    static char json[7999];
    memset(json, '[', sizeof(json));
    check(json, sizeof(json), NOTIFICATION_UNKNOWN, NULL);
    memcpy(json, "{\"a\":", 5);
    check(json, sizeof(json), NOTIFICATION_UNKNOWN, NULL);
    memset(json + 5, '[', 3500);
    memset(json + 3505, ']', 3500);
    memcpy(json + 7005, ",\"topic\":\"deep\"}", 16);
    check(json, 7021, NOTIFICATION_TOPIC, "deep");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PROMISE("notification: topic, template and routes are understood", three_shapes),
        PROMISE("notification: an announcement's data is a slice of the payload", announcements),
        PROMISE("notification: an announcement has a topic, a name and data, each once", no_announcements),
        PROMISE("notification: unknown keys are skipped, whatever they hold", newer_schema),
        PROMISE("notification: a wrong type makes it unknown", wrong_types),
        PROMISE("notification: one that says two things is unknown", one_thing),
        PROMISE("notification: what is not an object is unknown", not_objects),
        PROMISE("notification: what is not exactly one JSON value is unknown", not_json),
        PROMISE("notification: a text with NUL is unknown", no_inner_nul),
        PROMISE("notification: a text with half a surrogate pair is unknown", surrogates),
        PROMISE("notification: 7,999 octets are the most", size_at_most),
        PROMISE("notification: depth costs no stack", any_depth),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
