/* notification.c -- decode one NOTIFY payload on the channel `crier`.
 *
 * yajl's event parser drives a small state: how deep we are, and which known key of the outermost
 * object the next value belongs to. No tree is ever built: yajl frees its trees recursively, and a
 * hostile payload would choose the depth. Whatever surprises (a wrong type, a second occurrence, a
 * NUL in a text) makes a handler return 0, which ends the parse and leaves NOTIFICATION_UNKNOWN.
 */
#include "notification.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <yajl/yajl_parse.h>
#include "buffer.h"
#include "path.h"

enum { PAYLOAD_MAX = 7999 }; /* octets; PostgreSQL sends no longer ones */

struct decoder {
    struct notification *n;
    size_t depth;               /* of objects and arrays */
    enum notification_kind key; /* whose value comes next; UNKNOWN: a key to skip */
};

static const struct {
    const char *key;
    enum notification_kind kind;
} keys[] = {
    {"topic", NOTIFICATION_TOPIC},
    {"template", NOTIFICATION_TEMPLATE},
    {"routes", NOTIFICATION_ROUTES},
};

/* Whether a value that comes now is neither outermost nor decisive. */
static int is_skipped(const struct decoder *d)
{
    return d->depth > 1 || (d->depth == 1 && d->key == NOTIFICATION_UNKNOWN);
}

static int on_null(void *context)
{
    return is_skipped(context);
}

static int on_number(void *context, const char *text, size_t length)
{
    (void)text, (void)length;
    return is_skipped(context);
}

/* One notification says one thing: a second decisive key is a surprise, the same or another. */
static int decide(struct decoder *d, char *text)
{
    if (d->n->kind != NOTIFICATION_UNKNOWN)
        return 0;
    d->n->kind = d->key;
    d->n->text = text;
    return 1;
}

static int on_boolean(void *context, int value)
{
    struct decoder *d = context;
    if (is_skipped(d))
        return 1;
    return d->key == NOTIFICATION_ROUTES && value && decide(d, NULL);
}

static int on_string(void *context, const unsigned char *text, size_t length)
{
    struct decoder *d = context;
    if (is_skipped(d))
        return 1;
    if (d->depth != 1 || d->key == NOTIFICATION_ROUTES || d->n->kind != NOTIFICATION_UNKNOWN)
        return 0;
    if (length == 0 || memchr(text, '\0', length) != NULL)
        return 0;
    if (!utf8_is_valid((const char *)text, length)) /* yajl decodes "\udc00" to a lone surrogate */
        return 0;
    return decide(d, must_strndup((const char *)text, length));
}

static int on_key(void *context, const unsigned char *text, size_t length)
{
    struct decoder *d = context; /* deeper keys come here, too, and are forgotten at the next one */
    d->key = NOTIFICATION_UNKNOWN;
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        if (strlen(keys[i].key) == length && memcmp(keys[i].key, text, length) == 0)
            d->key = keys[i].kind;
    return 1;
}

static int on_object(void *context)
{
    struct decoder *d = context;
    int welcome = d->depth == 0 || is_skipped(d);
    d->depth++;
    return welcome;
}

static int on_array(void *context)
{
    struct decoder *d = context;
    int welcome = is_skipped(d);
    d->depth++;
    return welcome;
}

static int on_end(void *context)
{
    struct decoder *d = context;
    d->depth--;
    return 1;
}

static bool parse(struct decoder *d, const char *payload, size_t length)
{
    static const yajl_callbacks callbacks = {
        .yajl_null = on_null, .yajl_boolean = on_boolean, .yajl_number = on_number,
        .yajl_string = on_string, .yajl_map_key = on_key,
        .yajl_start_map = on_object, .yajl_end_map = on_end,
        .yajl_start_array = on_array, .yajl_end_array = on_end,
    };
    /* yajl as it comes allows no comments and no second value, but overlong UTF-8. */
    if (!utf8_is_valid(payload, length))
        return false;
    yajl_handle handle = yajl_alloc(&callbacks, NULL, d);
    bool good = yajl_parse(handle, (const unsigned char *)payload, length) == yajl_status_ok &&
                yajl_complete_parse(handle) == yajl_status_ok;
    yajl_free(handle);
    return good;
}

void notification_decode(struct notification *n, const char *payload, size_t length)
{
    *n = (struct notification){.kind = NOTIFICATION_UNKNOWN};
    struct decoder d = {.n = n};
    if (length > PAYLOAD_MAX || !parse(&d, payload, length))
        notification_dispose(n);
}

void notification_dispose(struct notification *n)
{
    free(n->text);
    *n = (struct notification){.kind = NOTIFICATION_UNKNOWN};
}
