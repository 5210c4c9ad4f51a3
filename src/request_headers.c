/* request_headers.c -- see request_headers.h. */
#include "request_headers.h"

#include <string.h>

#include "buffer.h"
#include "path.h"

/* A JSON string, of ISO 8859-1 if need be. */
static void write_string(struct buffer *json, const char *text, size_t length)
{
    struct buffer latin;

    if (utf8_is_valid(text, length)) {
        buffer_json_string(json, text, length);
        return;
    }
    buffer_init(&latin, 2 * length);
    for (size_t i = 0; i < length; ++i) {
        unsigned char c = (unsigned char)text[i];
        if (c < 0x80)
            buffer_append(&latin, &c, 1);
        else
            buffer_append(&latin, (unsigned char[]){(unsigned char)(0xc0 | c >> 6), 0x80 | (c & 0x3f)}, 2);
    }
    buffer_json_string(json, latin.bytes, latin.length);
    buffer_dispose(&latin);
}

static bool same_name(const h2o_header_t *a, const h2o_header_t *b)
{
    return a->name->len == b->name->len && memcmp(a->name->base, b->name->base, a->name->len) == 0;
}

static void write_field(struct buffer *json, const char *comma, const char *name, size_t name_length,
                        h2o_iovec_t value)
{
    buffer_puts(json, comma);
    write_string(json, name, name_length);
    buffer_puts(json, ":");
    write_string(json, value.base, value.len);
}

/* The value of all fields that are called like field i; base is NULL when an earlier one was first. */
static h2o_iovec_t joined(h2o_req_t *req, size_t i)
{
    const h2o_header_t *entries = req->headers.entries;
    bool cookie = entries[i].name == &H2O_TOKEN_COOKIE->buf;
    h2o_iovec_t value = entries[i].value;

    for (size_t j = 0; j < i; ++j) {
        if (same_name(&entries[i], &entries[j]))
            return h2o_iovec_init(NULL, 0);
    }
    for (size_t j = i + 1; j < req->headers.size; ++j) {
        if (same_name(&entries[i], &entries[j]))
            value = h2o_concat(&req->pool, value, h2o_iovec_init(cookie ? "; " : ", ", 2), entries[j].value);
    }
    return value;
}

char *request_headers_json(h2o_req_t *req, size_t ceiling)
{
    const char *comma = "{";
    struct buffer json;
    char *text;

    buffer_init(&json, ceiling);
    if (req->authority.len != 0) {
        write_field(&json, comma, "host", 4, req->authority);
        comma = ",";
    }
    for (size_t i = 0; i < req->headers.size && !json.overflowed; ++i) {
        h2o_iovec_t value = joined(req, i);
        if (value.base == NULL)
            continue;
        write_field(&json, comma, req->headers.entries[i].name->base, req->headers.entries[i].name->len, value);
        comma = ",";
    }
    buffer_puts(&json, comma[0] == '{' ? "{}" : "}");
    text = json.overflowed ? NULL : buffer_steal(&json, NULL);
    buffer_dispose(&json);
    return text;
}
