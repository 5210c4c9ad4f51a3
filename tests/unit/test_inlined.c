/* test_inlined.c -- take an inline notification apart; tell the genuine ones. */
#include "promise.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "buffer.h"
#include "inlined.h"

static unsigned char secret[INLINED_SECRET], other_secret[INLINED_SECRET];
static char *payload; /* of the notification that was decoded last */
static struct inlined n;

static int setup(void **state)
{
    (void)state;
    memset(secret, 7, sizeof(secret));
    memset(other_secret, 8, sizeof(other_secret));
    payload = NULL;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    inlined_dispose(&n);
    free(payload);
    return 0;
}

/* A copy whose end a sanitizer sees. */
static bool decode(const char *text, const unsigned char *with)
{
    inlined_dispose(&n);
    free(payload);
    size_t length = strlen(text);
    payload = malloc(length);
    memcpy(payload, text, length);
    return inlined_decode(&n, payload, length, with);
}

/* Signs what follows the signature. */
static char *sign(const char *body)
{
    unsigned char hash[EVP_MAX_MD_SIZE];
    unsigned int length;
    static char text[20000];
    char *at = text + sprintf(text, "{\"signature\":\"");
    HMAC(EVP_sha256(), secret, sizeof(secret), (const unsigned char *)body, strlen(body), hash, &length);
    for (unsigned i = 0; i < length; i++)
        at += sprintf(at, "%02x", hash[i]);
    sprintf(at, "\",%s", body);
    return text;
}

#define BODY(document)                                                                             \
    "\"topic\":\"thread/1\",\"key\":\"/a/1\",\"others\":[\"/a/2\",\"/a/3?x=%20\"],\"xid\":\"815\"," \
    "\"snapshot\":\"800:816:803,811\",\"document\":" document "}"

static void is_document(const char *expected)
{
    assert_int_equal(n.length, strlen(expected));
    assert_memory_equal(n.document, expected, n.length);
}

static void genuine(void **state)
{
    (void)state;
    assert_true(decode(sign(BODY("{\"a\" : [1.0, \"é\"]}")), secret));
    assert_true(n.genuine);
    assert_string_equal(n.topic, "thread/1");
    assert_string_equal(n.key, "/a/1");
    assert_int_equal(n.other_count, 2);
    assert_string_equal(n.others[1], "/a/3?x=%20");
    assert_true(n.xid == 815);
    assert_true(n.snapshot.known && n.snapshot.count == 2 && n.snapshot.xmax == 816);
    is_document("{\"a\" : [1.0, \"é\"]}");
}

/* Of the type crier.json_text a document is whatever its function says, and a read would pass it on. */
static void any_bytes(void **state)
{
    (void)state;
    static const char *const documents[] = {
        BODY("1"), BODY("\n [ ]\n"), BODY("}}]]"), BODY("{\"topic\":\"x\",\"document\":1}"),
        BODY("1,\"key\":\"/other\",\"document\":2"), BODY("\"\\u0000\""), BODY("\xff\xfe")};
    static const char *const expected[] = {
        "1", "\n [ ]\n", "}}]]", "{\"topic\":\"x\",\"document\":1}",
        "1,\"key\":\"/other\",\"document\":2", "\"\\u0000\"", "\xff\xfe"};
    for (size_t i = 0; i < sizeof(documents) / sizeof(documents[0]); i++) {
        assert_true(decode(sign(documents[i]), secret));
        assert_true(n.genuine);
        assert_string_equal(n.key, "/a/1");
        is_document(expected[i]);
    }
}

static void forged(void **state)
{
    (void)state;
    char *text = sign(BODY("{\"a\":1}"));
    for (size_t i = 14; i < strlen(text); i++) {
        char saved = text[i];
        text[i] = saved == '1' ? '2' : '1';
        if (decode(text, secret))
            assert_false(n.genuine);
        text[i] = saved;
    }
    assert_true(decode(text, secret) && n.genuine);
    assert_true(decode(text, other_secret) && !n.genuine);
    assert_string_equal(n.topic, "thread/1");
    assert_true(decode(text, NULL) && !n.genuine);
    assert_true(decode("{\"signature\":\"\"," BODY("1"), secret) && !n.genuine);
    assert_true(decode("{\"signature\":\"\"," BODY("1"), NULL) && !n.genuine);
    assert_string_equal(n.topic, "thread/1");
}

static void none_of_ours(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "", "{", "{\"signature\":\"", "{\"signature\":\"\",", "{\"signature\":\"\",}", "{\"topic\":\"a\"}",
        "{\"signature\":\"abc\",\"topic\":\"a\",\"document\":1}",
        "{\"signature\":null,\"topic\":\"a\",\"document\":1}",
        "{\"signature\":\"\",\"document\":1}", "{\"signature\":\"\",\"topic\":\"\",\"document\":1}",
        "{\"signature\":\"\",\"topic\":\"a\"}", "{\"signature\":\"\",\"topic\":\"a\",\"document\":",
        "{\"signature\":\"\",\"topic\":\"a\",\"document\":}", "{\"signature\":\"\",\"topic\":\"a\",\"document\"1}",
        "{\"signature\":\"\",\"topic\":\"a\",\"document\":1", "{\"signature\":\"\",\"topic\":{\"document\":1}}",
        "{\"signature\":\"\",\"topic\":[\"document\"],\"document\":1}",
        "{\"signature\":\"\",\"topic\":\"a\",\"others\":\"b\",\"document\":1}",
        "{\"signature\":\"\",\"topic\":\"a\",\"others\":[[\"b\"]],\"document\":1}",
        "{\"signature\":\"\",\"topic\":\"a\",\"xid\":17,\"document\":1}",
        "{\"signature\":\"\",\"topic\":\"a\",\"xid\":\"x\",\"document\":1}",
        "{\"signature\":\"\",\"topic\":\"a\\u0000\",\"document\":1}",
        "{\"signature\":\"\",\"topic\":\"a\",\"new\":\"b\",\"document\":1}", "{\"signature\":\"\",[\"topic\"]"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        if (decode(texts[i], secret))
            fail_msg("%s is one", texts[i]);
}

static void incomplete(void **state)
{
    (void)state;
    assert_true(decode(sign("\"topic\":\"a\",\"document\":1}"), secret) && !n.genuine);
    assert_true(decode(sign("\"topic\":\"a\",\"key\":\"/a\",\"document\":1}"), secret) && !n.genuine);
    assert_true(decode(sign("\"topic\":\"a\",\"key\":\"/a\",\"xid\":\"5\",\"document\":1}"), secret));
    assert_true(n.genuine && !n.snapshot.known);
    assert_true(decode(sign("\"topic\":\"a\",\"key\":\"/a\",\"xid\":\"5\",\"snapshot\":\"?\",\"document\":1}"), secret));
    assert_true(n.genuine && !n.snapshot.known);
}

static void too_many_others(void **state)
{
    (void)state;
    char body[4000];
    char *at = body + sprintf(body, "\"topic\":\"a\",\"key\":\"/a\",\"others\":[\"/0\"");
    for (int i = 1; i < INLINED_MAX_OTHERS; i++)
        at += sprintf(at, ",\"/%d\"", i);
    char *end = at;
    sprintf(end, "],\"xid\":\"5\",\"document\":1}");
    assert_true(decode(sign(body), secret) && n.other_count == INLINED_MAX_OTHERS);
    sprintf(end, ",\"/x\"],\"xid\":\"5\",\"document\":1}");
    assert_false(decode(sign(body), secret));
}

#define INLINED(name, function) {name, function, setup, teardown, NULL}

int main(void)
{
    const struct CMUnitTest tests[] = {
        INLINED("inlined: a genuine one is taken apart", genuine),
        INLINED("inlined: the document is whatever stands there", any_bytes),
        INLINED("inlined: changed anywhere, signed otherwise or not at all, it says its topic", forged),
        INLINED("inlined: what is none of ours", none_of_ours),
        INLINED("inlined: without key or transaction it says its topic", incomplete),
        INLINED("inlined: a ceiling for the others", too_many_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
