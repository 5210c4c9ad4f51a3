/* test_path.c -- templates, matching, canonical spelling. */
#include "promise.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "path.h"

static uint32_t random_state = 20240229;

static uint32_t random_below(uint32_t bound) /* xorshift32: the same numbers in every run */
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 17;
    random_state ^= random_state << 5;
    return random_state % bound;
}

static struct path_template *parse(const char *text)
{
    const char *err = NULL;
    struct path_template *t = path_template_parse(text, &err);
    if (t == NULL)
        fail_msg("\"%s\" is refused: %s", text, err);
    return t;
}

static bool is_refused(const char *text)
{
    const char *err = NULL;
    struct path_template *t = path_template_parse(text, &err);
    bool refused = t == NULL && err != NULL && *err != '\0';
    path_template_free(t);
    return refused;
}

/* -- templates -- */

static void well_formed(void **state)
{
    (void)state;
    struct path_template *t = parse("/api/{id}/of/{some thing é}");
    assert_int_equal(path_template_parameters(t), 2);
    assert_string_equal(path_template_parameter(t, 0), "id");
    assert_string_equal(path_template_parameter(t, 1), "some thing é");
    path_template_free(t);
    t = parse("AZaz09._~!$&'()*+,;=:@-");
    assert_int_equal(path_template_parameters(t), 0);
    path_template_free(t);
    path_template_free(NULL);
}

static void malformed(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "", "/", "//", "/a/", "a/", "/a//b", "//a", "/a%20b", "/a b", "/é", "/a?b", "/a#b", "/{}",
        "/{", "/}", "/{a", "/a}", "/{a}b", "/b{a}", "/{a}{b}", "/{{a}}", "/{a{b}", "/{a}b}",
        "/a\"", "/a\\", "/a\n", "/<a>", "/{a/b}",
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        if (!is_refused(texts[i]))
            fail_msg("\"%s\" is accepted", texts[i]);
}

static void segments_at_most(void **state)
{
    (void)state;
    char text[2 * (PATH_MAX_SEGMENTS + 1) + 1] = "";
    struct path_segments s;
    for (int i = 0; i < PATH_MAX_SEGMENTS; i++)
        strcat(text, "/a");
    struct path_template *t = parse(text);
    size_t values[PATH_MAX_SEGMENTS];
    assert_int_equal(path_split(&s, text, strlen(text)), PATH_OK);
    assert_int_equal(s.count, PATH_MAX_SEGMENTS);
    assert_true(path_template_match(t, &s, values));
    path_segments_dispose(&s);
    strcat(text, "/a");
    assert_true(is_refused(text));
    assert_int_equal(path_split(&s, text, strlen(text)), PATH_TOO_LONG);
    path_segments_dispose(&s);
    path_template_free(t);
}

static int sign(int n)
{
    return (n > 0) - (n < 0);
}

static void precedence(void **state)
{
    (void)state;
    static const char *const ordered[] = {
        "/a", "/a/b", "/a/b/c", "/a/b/{x}", "/a/bb", "/a/{x}", "/a/{x}/b", "/a/{x}/{y}", "/ab",
        "/b/{x}", "/{x}", "/{x}/a", "/{x}/{y}", "a", "{x}",
    };
    enum { COUNT = sizeof(ordered) / sizeof(ordered[0]) };
    struct path_template *t[COUNT];
    for (int i = 0; i < COUNT; i++)
        t[i] = parse(ordered[i]);
    for (int i = 0; i < COUNT; i++)
        for (int j = 0; j < COUNT; j++)
            if (sign(path_template_compare(t[i], t[j])) != sign(i - j))
                fail_msg("%s and %s are out of order", ordered[i], ordered[j]);
    for (int i = 0; i < COUNT; i++)
        path_template_free(t[i]);
}

static void same_shape(void **state)
{
    (void)state;
    struct path_template *a = parse("/x/{id}/y"), *b = parse("/x/{other}/y");
    struct path_template *c = parse("/x/{i}/z");
    assert_int_equal(path_template_compare(a, b), 0);
    assert_int_not_equal(path_template_compare(a, c), 0);
    path_template_free(a);
    path_template_free(b);
    path_template_free(c);
}

/* -- topics -- */

static bool fits(const char *template, const char *topic)
{
    struct path_template *t = parse(template);
    char *exact = malloc(strlen(topic) + 1); /* so that a sanitizer sees a read behind the end */
    memcpy(exact, topic, strlen(topic));
    bool result = path_template_fits(t, exact, strlen(topic));
    free(exact);
    path_template_free(t);
    return result;
}

static void topics(void **state)
{
    (void)state;
    assert_true(fits("thread/{root_id}", "thread/17"));
    assert_true(fits("thread/{root_id}", "thread/"));
    assert_true(fits("thread/{root_id}", "thread/a%2Fb"));
    assert_false(fits("thread/{root_id}", "/thread/17"));
    assert_false(fits("/thread/{root_id}", "thread/17"));
    assert_false(fits("thread/{root_id}", "thread"));
    assert_false(fits("thread/{root_id}", "thread/1/2"));
    assert_false(fits("thread/{root_id}", "thread/1/"));
    assert_false(fits("thread/{root_id}", "threads/1"));
    assert_false(fits("thread/{root_id}", "Thread/1"));
    assert_false(fits("thread/{root_id}", ""));
    assert_true(fits("{x}", ""));
    assert_false(fits("{x}/{y}", "/")); /* rooted topics fit rooted templates only */
    assert_true(fits("/{x}", "/"));
    assert_true(fits("/{x}/b/{y}", "//b/"));
    assert_true(fits("all", "all"));
    assert_false(fits("all", "al"));
    assert_false(fits("a/b", "a%2Fb"));
}

/* -- requests -- */

static enum path_error split(struct path_segments *s, const char *path, size_t length)
{
    char *exact = calloc(length + 1, 1);
    memcpy(exact, path, length);
    enum path_error result = path_split(s, exact, length);
    free(exact);
    return result;
}

static void check_split(const char *path, size_t count, const char *const *texts)
{
    struct path_segments s;
    assert_int_equal(split(&s, path, strlen(path)), PATH_OK);
    assert_int_equal(s.count, count);
    for (size_t i = 0; i < count; i++) {
        assert_string_equal(s.segment[i].text, texts[i]);
        assert_int_equal(s.segment[i].length, strlen(texts[i]));
    }
    path_segments_dispose(&s);
}

#define SPLIT(path, ...)                                                                           \
    check_split(path, sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *),                 \
                (const char *const[]){__VA_ARGS__})

static void dividing(void **state)
{
    (void)state;
    SPLIT("/", "");
    SPLIT("/a", "a");
    SPLIT("/a/", "a", "");
    SPLIT("//", "", "");
    SPLIT("/a/b/c", "a", "b", "c");
    SPLIT("/a%2Fb/c", "a/b", "c");
    SPLIT("/%41%6a%6A/+/%2B/%25%32%35", "Ajj", "+", "+", "%25");
    SPLIT("/%E2%82%AC/\xe2\x82\xac/%F0%9F%98%80/%ef%bf%bf", "€", "€", "😀", "\uffff");
    SPLIT("/./../%2e%2E", ".", "..", "..");
    SPLIT("/a?b=c", "a?b=c"); /* dividing target and query is done before */
}

#define IS_BAD(path)                                                                               \
    do {                                                                                           \
        struct path_segments s;                                                                    \
        if (split(&s, path, sizeof(path) - 1) != PATH_BAD)                                         \
            fail_msg("%s is accepted", path);                                                      \
        path_segments_dispose(&s);                                                                 \
    } while (0)

static void hostile_paths(void **state)
{
    (void)state;
    IS_BAD("");
    IS_BAD("*");
    IS_BAD("a/b");
    IS_BAD("http://localhost/a");
    IS_BAD("/%");
    IS_BAD("/%4");
    IS_BAD("/%4g");
    IS_BAD("/%g4");
    IS_BAD("/%/41");
    IS_BAD("/%4/1");
    IS_BAD("/%%41");
    IS_BAD("/%-1");
    IS_BAD("/% 1");
    IS_BAD("/%\xb9\xb9"); /* digits with the high bit */
    IS_BAD("/%00");
    IS_BAD("/a%00b/c");
    IS_BAD("/a\0b");
    IS_BAD("/%80");
    IS_BAD("/%C0%AF");       /* overlong '/' */
    IS_BAD("/%E0%80%AF");
    IS_BAD("/%F0%80%80%AF");
    IS_BAD("/%C1%81");
    IS_BAD("/%ED%A0%80");    /* surrogates */
    IS_BAD("/%ED%BF%BF");
    IS_BAD("/%F4%90%80%80"); /* above U+10FFFF */
    IS_BAD("/%F5%80%80%80");
    IS_BAD("/%FE");
    IS_BAD("/%E2%82");       /* cut */
    IS_BAD("/%E2%82/%AC");   /* a character in two segments */
    IS_BAD("/\xe2\x82");
}

static bool matches(const char *template, const char *path, const char *expected)
{
    struct path_template *t = parse(template);
    struct path_segments s;
    size_t values[PATH_MAX_SEGMENTS];
    char got[256] = "";
    assert_int_equal(path_split(&s, path, strlen(path)), PATH_OK);
    bool result = path_template_match(t, &s, values);
    for (size_t i = 0; result && i < path_template_parameters(t); i++) {
        strcat(got, path_template_parameter(t, i));
        strcat(got, "=");
        strcat(got, s.segment[values[i]].text);
        strcat(got, ";");
    }
    if (result)
        assert_string_equal(got, expected);
    path_segments_dispose(&s);
    path_template_free(t);
    return result;
}

static void matching(void **state)
{
    (void)state;
    assert_true(matches("/api/{id}", "/api/17", "id=17;"));
    assert_true(matches("/api/{id}", "/api/a%2Fb", "id=a/b;"));
    assert_true(matches("/{a}/x/{b}", "/1/x/2", "a=1;b=2;"));
    assert_true(matches("/{a}/{a}", "/1/2", "a=1;a=2;"));
    assert_true(matches("/a@b", "/a%40b", ""));
    assert_false(matches("/api/{id}", "/api/", ""));
    assert_false(matches("/api/{id}", "/api", ""));
    assert_false(matches("/api/{id}", "/api/17/", ""));
    assert_false(matches("/api/{id}", "/API/17", ""));
    assert_false(matches("/api/{id}", "/api%2F17", ""));
    assert_false(matches("/api", "/api/", ""));
    assert_false(matches("api/{id}", "/api/17", "")); /* a topic's template is no route's */
}

static void check_query(const char *query, size_t length, const char *expected)
{
    struct path_query q;
    char *exact = malloc(length + 1), got[4096] = "";
    memcpy(exact, query, length);
    enum path_error result = path_query_parse(&q, length > 0 ? exact : NULL, length);
    free(exact);
    for (size_t i = 0; result == PATH_OK && i < q.count; i++) {
        assert_int_equal(strlen(q.pair[i].name), q.pair[i].name_length);
        assert_int_equal(strlen(q.pair[i].value), q.pair[i].value_length);
        strcat(strcat(strcat(strcat(got, q.pair[i].name), "="), q.pair[i].value), ";");
    }
    if (result != PATH_OK)
        strcpy(got, "bad");
    assert_string_equal(got, expected);
    path_query_dispose(&q);
}

#define QUERY(query, expected) check_query(query, sizeof(query) - 1, expected)

static void queries(void **state)
{
    (void)state;
    QUERY("", "");
    QUERY("a=1", "a=1;");
    QUERY("a=1&b=2&a=3", "a=1;b=2;a=3;");
    QUERY("a", "a=;");
    QUERY("a=", "a=;");
    QUERY("=1", "=1;");
    QUERY("=", "=;");
    QUERY("a=b=c", "a=b=c;");
    QUERY("&&a=1&&", "a=1;");
    QUERY("a+b=c+d%2B%20", "a b=c d+ ;");
    QUERY("a%3Db=c%26d", "a=b=c&d;");
    QUERY("q=%E2%82%AC", "q=€;");
    QUERY("a=1;b=2", "a=1;b=2;");
    QUERY("a=/?#[]@", "a=/?#[]@;");
}

static void hostile_queries(void **state)
{
    (void)state;
    QUERY("a=%", "bad");
    QUERY("a=%4", "bad");
    QUERY("a=1&%4=2", "bad");
    QUERY("a=%4&1", "bad");
    QUERY("a%=41", "bad");
    QUERY("a=%00", "bad");
    QUERY("%00=a", "bad");
    QUERY("a=\0", "bad");
    QUERY("a=%FF", "bad");
    QUERY("%C3=%A9", "bad");
    QUERY("a=%ED%A0%80", "bad");
}

static void pairs_at_most(void **state)
{
    (void)state;
    char text[4 * (PATH_MAX_PAIRS + 1)] = "";
    struct path_query q;
    for (int i = 0; i < PATH_MAX_PAIRS; i++)
        strcat(text, "a=&");
    assert_int_equal(path_query_parse(&q, text, strlen(text)), PATH_OK);
    assert_int_equal(q.count, PATH_MAX_PAIRS);
    path_query_dispose(&q);
    strcat(text, "b");
    assert_int_equal(path_query_parse(&q, text, strlen(text)), PATH_BAD);
    path_query_dispose(&q);
}

/* -- spelling -- */

static void spelling(void **state)
{
    (void)state;
    struct buffer b;
    buffer_init(&b, 4096);
    for (int c = 0; c < 256; c++) {
        char octet = (char)c, expected[4];
        bool plain = c < 128 && c > 0 && strchr("-._~", c) != NULL;
        plain |= (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        snprintf(expected, sizeof(expected), plain ? "%c" : "%%%02X", c);
        buffer_clear(&b);
        assert_int_equal(path_encode(&b, &octet, 1), 0);
        assert_string_equal(b.bytes, expected);
    }
    buffer_clear(&b);
    path_encode(&b, "a b/é€😀", strlen("a b/é€😀"));
    assert_string_equal(b.bytes, "a%20b%2F%C3%A9%E2%82%AC%F0%9F%98%80");
    buffer_dispose(&b);
    buffer_init(&b, 4);
    assert_int_equal(path_encode(&b, "a b", 3), -1);
    buffer_dispose(&b);
}

/* A random character, more often one that means something in a URL. */
static size_t random_character(char *out)
{
    static const char *const odd[] = {"/", "%", "+", "&", "=", "?", "#", ".", "..", "%2F", "\x7f",
                                      "\x01", "é", "€", "😀", "\xf4\x8f\xbf\xbf", "\xed\x9f\xbf"};
    const char *piece = odd[random_below(sizeof(odd) / sizeof(odd[0]))];
    if (random_below(2) == 0) {
        *out = (char)(1 + random_below(127));
        return 1;
    }
    memcpy(out, piece, strlen(piece));
    return strlen(piece);
}

static void round_trip(void **state)
{
    (void)state;
    struct path_template *t = parse("/a/{x}"), *topic = parse("/{a}/{x}");
    for (int round = 0; round < 20000; round++) {
        char value[64];
        size_t length = 0, values[PATH_MAX_SEGMENTS];
        for (uint32_t i = 0, count = 1 + random_below(12); i < count; i++)
            length += random_character(value + length);
        struct buffer b;
        buffer_init(&b, 1000);
        buffer_puts(&b, "/a/");
        path_encode(&b, value, length);

        struct path_segments s;
        assert_int_equal(path_split(&s, b.bytes, b.length), PATH_OK);
        assert_true(path_template_match(t, &s, values));
        assert_int_equal(s.segment[values[0]].length, length);
        assert_memory_equal(s.segment[values[0]].text, value, length);
        assert_true(path_template_fits(topic, b.bytes, b.length));
        path_segments_dispose(&s);

        struct path_query q;
        b.bytes[2] = '=';
        assert_int_equal(path_query_parse(&q, b.bytes + 1, b.length - 1), PATH_OK);
        assert_int_equal(q.count, 1);
        assert_int_equal(q.pair[0].value_length, length);
        assert_memory_equal(q.pair[0].value, value, length);
        path_query_dispose(&q);
        buffer_dispose(&b);
    }
    path_template_free(t);
    path_template_free(topic);
}

/* Encodes a code point without asking whether it is one. */
static size_t utf8(char *out, uint32_t c, size_t length)
{
    static const unsigned char marks[] = {0, 0, 0xc0, 0xe0, 0xf0};
    for (size_t i = length; i-- > 1; c >>= 6)
        out[i] = (char)(0x80 | (c & 0x3f));
    out[0] = (char)(length == 1 ? c : marks[length] | c);
    return length;
}

static void every_code_point(void **state)
{
    (void)state;
    static const uint32_t limits[] = {0, 0x80, 0x800, 0x10000, 0x200000};
    for (size_t length = 1; length <= 4; length++) {
        for (uint32_t c = 0; c < limits[length]; c++) {
            char text[4];
            bool valid = c >= limits[length - 1] && c <= 0x10ffff && !(c >= 0xd800 && c < 0xe000);
            utf8(text, c, length);
            if (utf8_is_valid(text, length) != valid)
                fail_msg("U+%X in %zu octets", c, length);
            if (utf8_is_valid(text, length - 1) && length > 1)
                fail_msg("U+%X cut short", c);
        }
    }
    assert_false(utf8_is_valid("\xe2\x28\xa1", 3));
    assert_false(utf8_is_valid("\xe2\x82\x28", 3));
    assert_false(utf8_is_valid("\xf0\x9f\x98\xc0", 4));
    assert_true(utf8_is_valid("", 0));
}

static bool canonical(const char *type, const char *value)
{
    return path_is_canonical(type, value, strlen(value));
}

static void canonical_numbers(void **state)
{
    (void)state;
    static const char *const types[] = {"smallint", "integer", "bigint"};
    static const char *const yes[] = {"0", "1", "-1", "17", "9999", "-9999"};
    static const char *const no[] = {
        "", "-", "-0", "00", "017", "-017", "+1", " 1", "1 ", "1.0", "1e3", "0x1", "1_000", "12a",
        "--1", "1-", "\xd9\xa1", "9223372036854775808", "1000000000000000000",
    };
    for (size_t t = 0; t < 3; t++) {
        for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++)
            assert_true(canonical(types[t], yes[i]));
        for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++)
            assert_false(canonical(types[t], no[i]));
        assert_false(path_is_canonical(types[t], "1\0", 2));
    }
    assert_true(canonical("integer", "999999999") && canonical("integer", "-999999999"));
    assert_true(canonical("bigint", "-999999999999999999"));
    assert_false(canonical("smallint", "32768")); /* out of range, or not surely in it */
    assert_false(canonical("integer", "2147483648"));
}

static void canonical_others(void **state)
{
    (void)state;
    assert_true(canonical("uuid", "0123abcd-4567-89ef-0123-456789abcdef"));
    assert_false(canonical("uuid", "0123ABCD-4567-89ef-0123-456789abcdef"));
    assert_false(canonical("uuid", "0123abcd456789ef0123456789abcdef"));
    assert_false(canonical("uuid", "{0123abcd-4567-89ef-0123-456789abcde}"));
    assert_false(canonical("uuid", "0123abcd-4567-89ef-0123-456789abcdeg"));
    assert_false(canonical("uuid", "0123abcd-4567-89ef-0123-456789abcdef0"));
    assert_false(canonical("uuid", "0123abcd-4567-89ef-012-3456789abcdef"));
    assert_false(canonical("uuid", ""));
    assert_true(canonical("text", "") && canonical("text", " any thing\n"));
    assert_false(canonical("text[]", "a"));
    assert_false(canonical("date", "2024-01-01"));
    assert_false(canonical("numeric", "1"));
    assert_false(canonical("", "1"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PROMISE("path: a template is literals and {parameters}", well_formed),
        PROMISE("path: anything else is refused with a reason", malformed),
        PROMISE("path: 32 segments are the most, in templates and in requests", segments_at_most),
        PROMISE("path: a literal is tried before a {parameter}, in one total order", precedence),
        PROMISE("path: names of parameters do not make another shape", same_shape),
        PROMISE("path: a topic fits its template, empty values included", topics),
        PROMISE("path: a request is divided first and decoded afterwards, once", dividing),
        PROMISE("path: bad escapes, NUL and what is not UTF-8 are refused", hostile_paths),
        PROMISE("path: a parameter takes one segment that is not empty", matching),
        PROMISE("path: a query is divided at '&' and its '+' are spaces", queries),
        PROMISE("path: a query is as strict as a path", hostile_queries),
        PROMISE("path: 64 pairs are the most in a query", pairs_at_most),
        PROMISE("path: the canonical spelling of every octet", spelling),
        PROMISE("path: what is encoded is decoded to the same, in path and query", round_trip),
        PROMISE("path: UTF-8 is RFC 3629, checked on every code point", every_code_point),
        PROMISE("path: numbers are canonical when PostgreSQL would surely spell them so",
                canonical_numbers),
        PROMISE("path: uuid and text are canonical, of other types we are not sure",
                canonical_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
