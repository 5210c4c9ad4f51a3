/* test_body.c -- what a request's body brings to a write. */
#include "promise.h"

#include <stdlib.h>
#include <string.h>
#include "body.h"

static const char *const named =
    "[{\"name\":\"id\",\"type\":\"integer\",\"in\":\"path\",\"required\":true},"
    "{\"name\":\"a\",\"type\":\"text\",\"in\":\"any\",\"required\":true},"
    "{\"name\":\"\xc5\xbc\",\"type\":\"text[]\",\"in\":\"any\",\"required\":false}]";
static const char *const json = "[{\"name\":\"b\",\"type\":\"jsonb\",\"in\":\"body\",\"required\":true}]";
static const char *const octets = "[{\"name\":\"b\",\"type\":\"bytea\",\"in\":\"body\",\"required\":true}]";
static const char *const nothing = "[]";

static struct body body;
static struct problem problem;

/* Returns the status; 0 when all is well. */
static int take(const char *parameters, const char *type, const char *text, size_t length)
{
    const char *err;
    struct route *route =
        route_create(1, "POST", strcmp(parameters, named) == 0 ? "/{id}" : "/x", parameters, &err);
    char *exact = malloc(length + 1); /* so that a sanitizer sees a read behind the end */
    bool ok;

    memcpy(exact, text, length);
    body_dispose(&body);
    ok = body_take(&body, route, h2o_iovec_init(type, strlen(type)), h2o_iovec_init(exact, length), &problem);
    free(exact);
    route_unref(route);
    return ok ? 0 : problem.status;
}

static void is_form(const char *text, const char *expected)
{
    assert_int_equal(take(named, "application/x-www-form-urlencoded", text, strlen(text)), 0);
    assert_null(body.octets);
    assert_string_equal(body.form, expected);
}

static void media_types(void **state)
{
    static const struct {
        const char *type;
        enum media media;
    } cases[] = {
        {"application/json", MEDIA_JSON}, {"Application/JSON;charset=x", MEDIA_JSON},
        {" application/json\t; a=\"b;c\"", MEDIA_JSON}, {"application/problem+json", MEDIA_JSON},
        {"application/x-www-form-urlencoded;charset=utf-8", MEDIA_FORM}, {"application/+json", MEDIA_OTHER},
        {"application/json5", MEDIA_OTHER}, {"text/json", MEDIA_OTHER}, {"text/plain", MEDIA_OTHER},
        {"", MEDIA_OTHER}, {";", MEDIA_OTHER}, {"  ", MEDIA_OTHER}, {"application", MEDIA_OTHER},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); ++i)
        assert_int_equal(body_media(cases[i].type, strlen(cases[i].type)), cases[i].media);
    assert_int_equal(body_media(NULL, 0), MEDIA_OTHER);
}

static void who_may_send_what(void **state)
{
    (void)state;
    assert_int_equal(take(named, "application/json", "{}", 2), 0);
    assert_string_equal(body.octets, "{}");
    assert_int_equal(take(named, "text/plain", "{}", 2), 415);
    assert_int_equal(take(named, "text/plain", "", 0), 0);
    assert_null(body.octets);
    assert_int_equal(take(json, "application/json", "[", 1), 0); /* PostgreSQL says what it is */
    assert_int_equal(take(json, "application/x-www-form-urlencoded", "a=1", 3), 415);
    assert_int_equal(take(octets, "", "\0\xff", 2), 0);
    assert_int_equal(body.length, 2);
    assert_memory_equal(body.octets, "\0\xff", 2);
    assert_int_equal(take(nothing, "text/plain", "\0\xff", 2), 0);
    assert_null(body.octets);
}

static void text_only(void **state)
{
    static const char *const wrong[] = {
        "\"\xff\"", "\"\xc0\xaf\"", "\"\xed\xa0\x80\"", "\"\xf4\x90\x80\x80\"", "12345678\x80", "\"abcdefghijklmnop\xc5",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); ++i)
        assert_int_equal(take(named, "application/json", wrong[i], strlen(wrong[i])), 400);
    assert_int_equal(take(named, "application/json", "{}\0", 3), 400);
    assert_int_equal(take(named, "application/json", "\"abcdefg\xc5\xbc hijklmno\xf0\x9f\x98\x80\"", 24), 0);
}

static void forms(void **state)
{
    (void)state;
    is_form("a=1", "{\"a\":\"1\"}");
    is_form("a=1&b=2&&=&c", "{\"a\":\"1\"}");
    is_form("a", "{\"a\":\"\"}");
    is_form("a=", "{\"a\":\"\"}");
    is_form("a=b=c", "{\"a\":\"b=c\"}");
    is_form("a=x+%2B%22%5C%0A", "{\"a\":\"x +\\\"\\\\\\n\"}");
    is_form("%61=1&a=2&a=%33", "{\"a\":[\"1\",\"2\",\"3\"]}");
    is_form("%C5%BC=1&a=2&\xc5\xbc=", "{\"a\":\"2\",\"\xc5\xbc\":[\"1\",\"\"]}");
    is_form("id=7&_a=1", "{}"); /* the path has it; the relay's */
}

static void json_as_a_form(void **state)
{
    static const char *const wrong[] = {"{\"a\":\"1\"}", "[1]", "{", " \r\n\t{\"a\":\"b=c&d=100%\"}"};

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); ++i) {
        assert_int_equal(take(named, "application/x-www-form-urlencoded", wrong[i], strlen(wrong[i])), 415);
        assert_non_null(strstr(problem.detail, "application/json"));
    }
    is_form("%7B%22a%22%3A1%7D", "{}"); /* a field of that name */
    is_form("a={}", "{\"a\":\"{}\"}");
    is_form(" ", "{}");
}

static void wrong_forms(void **state)
{
    static const char *const wrong[] = {"a=%", "a=%2", "a=%zz", "a=%ff", "a=%00", "%00", "\xff=1", "b=%C5"};
    char many[2 * FORM_MAX_FIELDS + 4];

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); ++i)
        assert_int_equal(take(named, "application/x-www-form-urlencoded", wrong[i], strlen(wrong[i])), 400);
    for (size_t i = 0; i < sizeof(many); i += 2)
        memcpy(many + i, "a&", 2);
    assert_int_equal(take(named, "application/x-www-form-urlencoded", many, 2 * FORM_MAX_FIELDS), 0);
    assert_int_equal(take(named, "application/x-www-form-urlencoded", many, 2 * FORM_MAX_FIELDS + 1), 400);
}

static int clean(void **state)
{
    (void)state;
    body_dispose(&body);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PROMISE("body: JSON and forms, whatever the case and the parameters of their types", media_types),
        PROMISE("body: what is not asked for is not looked at, what cannot be used is 415", who_may_send_what),
        PROMISE("body: JSON is UTF-8 without NUL, or 400", text_only),
        PROMISE("body: a form's fields, repeated ones as arrays, unknown ones not at all", forms),
        PROMISE("body: JSON that came as a form is 415 with what to do, for nothing of it would be heard", json_as_a_form),
        PROMISE("body: a form that is no UTF-8, or too long a list, is 400", wrong_forms),
    };
    return cmocka_run_group_tests_name("body", tests, NULL, clean);
}
