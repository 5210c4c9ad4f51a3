/* fuzz_body.c -- whatever a body is, what is passed on is text, and a form becomes JSON that says the same.
 *
 * The first octet chooses the route and the content type. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <yajl/yajl_parse.h>
#include "body.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const parameters[] = {
    "[]",
    ("[{\"name\":\"a\",\"type\":\"text\",\"in\":\"any\",\"required\":true},"
     "{\"name\":\"b\",\"type\":\"text[]\",\"in\":\"any\",\"required\":false}]"),
    "[{\"name\":\"b\",\"type\":\"jsonb\",\"in\":\"body\",\"required\":true}]",
    "[{\"name\":\"b\",\"type\":\"bytea\",\"in\":\"body\",\"required\":true}]",
};
static const char *const types[] = {"application/json", "application/x-www-form-urlencoded", "text/plain", ""};

static void is_json(const char *text)
{
    yajl_handle parser = yajl_alloc(NULL, NULL, NULL);

    assert(yajl_parse(parser, (const unsigned char *)text, strlen(text)) == yajl_status_ok);
    assert(yajl_complete_parse(parser) == yajl_status_ok);
    yajl_free(parser);
}

static void look_at(const struct body *body, const struct route *route, const char *text, size_t size)
{
    if (route->body == BODY_IGNORED)
        assert(body->octets == NULL && body->form == NULL);
    if (body->octets != NULL)
        assert(body->length == size && memcmp(body->octets, text, size) == 0);
    if (body->octets != NULL && route->body != BODY_OCTETS)
        assert(utf8_is_valid(text, size) && memchr(text, '\0', size) == NULL);
    if (body->form != NULL) {
        assert(route->body == BODY_NAMED && utf8_is_valid(body->form, strlen(body->form)));
        is_json(body->form);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *err, *text = (const char *)data + 1;
    struct problem problem;
    struct body body;

    if (size == 0)
        return 0;
    struct route *route = route_create(1, "POST", "/x", parameters[data[0] & 3], &err);
    const char *type = types[data[0] >> 2 & 3];
    body_media(text, size - 1);
    if (body_take(&body, route, h2o_iovec_init(type, strlen(type)), h2o_iovec_init(text, size - 1), &problem))
        look_at(&body, route, text, size - 1);
    else
        assert(problem.status == 400 || problem.status == 415);
    body_dispose(&body);
    route_unref(route);
    return 0;
}
