/* notification.c -- decode one NOTIFY payload on the channel `crier`.
 *
 * yajl's event parser drives a small state: how deep we are, and which known key of the outermost
 * object the next value belongs to. No tree is ever built: yajl frees its trees recursively, and a
 * hostile payload would choose the depth. Whatever surprises (a wrong type, a second occurrence, a
 * NUL in a text) makes a handler return 0, which ends the parse and leaves NOTIFICATION_UNKNOWN.
 * Which known keys there were says at the end what the notification is.
 *
 * A value that is passed on (an announcement's data) is not decoded but sliced out of the payload:
 * it begins behind its key's colon, and ends where yajl is when it says that the value is over.
 */
#include "notification.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <yajl/yajl_parse.h>
#include "buffer.h"
#include "path.h"

enum { PAYLOAD_MAX = 7999 }; /* octets; PostgreSQL sends no longer ones */

/* Keys of the outermost object, as a set of bits; 0 is one to skip. */
enum key { KEY_TOPIC = 1, KEY_TEMPLATE = 2, KEY_ROUTES = 4, KEY_EVENT = 8, KEY_DATA = 16 };

static const struct {
    const char *name;
    enum key key;
} keys[] = {
    {"topic", KEY_TOPIC}, {"template", KEY_TEMPLATE}, {"routes", KEY_ROUTES},
    {"event", KEY_EVENT}, {"data", KEY_DATA},
};

/* What a notification may consist of, besides keys to skip. */
static const struct {
    unsigned keys;
    enum notification_kind kind;
} shapes[] = {
    {KEY_TOPIC, NOTIFICATION_TOPIC},
    {KEY_TEMPLATE, NOTIFICATION_TEMPLATE},
    {KEY_ROUTES, NOTIFICATION_ROUTES},
    {KEY_TOPIC | KEY_EVENT | KEY_DATA, NOTIFICATION_ANNOUNCEMENT},
};

struct decoder {
    struct notification *n;
    yajl_handle yajl;
    const char *payload, *end;
    size_t depth;  /* of objects and arrays */
    unsigned key;  /* whose value comes next; 0: one to skip */
    unsigned seen; /* known keys that had their value */
};

/* Whether a value that comes now is neither outermost nor decisive. */
static int is_skipped(const struct decoder *d)
{
    return d->depth > 1 || (d->depth == 1 && d->key == 0);
}

/* Whether it belongs to the slice: as a whole, or as its beginning. */
static bool is_sliced(const struct decoder *d)
{
    return d->depth == 1 && d->key == KEY_DATA;
}

/* A value is over. Where it is sliced, so is the slice. */
static int end_value(struct decoder *d)
{
    if (is_sliced(d)) {
        d->n->data_length = (size_t)(d->payload + yajl_get_bytes_consumed(d->yajl) - d->n->data);
        d->seen |= KEY_DATA;
    }
    return 1;
}

/* A value that means nothing by itself. */
static int on_other(struct decoder *d)
{
    return (is_skipped(d) || is_sliced(d)) && end_value(d);
}

static int on_null(void *context)
{
    return on_other(context);
}

static int on_number(void *context, const char *text, size_t length)
{
    (void)text, (void)length;
    return on_other(context);
}

static int on_boolean(void *context, int value)
{
    struct decoder *d = context;
    if (d->depth != 1 || d->key != KEY_ROUTES)
        return on_other(d);
    d->seen |= KEY_ROUTES;
    return value;
}

/* yajl decodes "\udc00" to a lone surrogate, and lets "\u0000" pass. */
static bool is_text(const unsigned char *text, size_t length)
{
    return length > 0 && memchr(text, '\0', length) == NULL && utf8_is_valid((const char *)text, length);
}

/* It becomes a line of the event stream. */
static bool has_controls(const unsigned char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (text[i] < ' ' || text[i] == 0x7f)
            return true;
    return false;
}

static int on_string(void *context, const unsigned char *text, size_t length)
{
    struct decoder *d = context;
    if (is_skipped(d) || is_sliced(d))
        return end_value(d);
    if (d->depth != 1 || d->key == KEY_ROUTES || !is_text(text, length))
        return 0;
    if (d->key == KEY_EVENT) {
        if (has_controls(text, length))
            return 0;
        d->n->event = must_strndup((const char *)text, length);
    } else {
        if (d->n->text != NULL) /* a topic and a template */
            return 0;
        d->n->text = must_strndup((const char *)text, length);
    }
    d->seen |= d->key;
    return 1;
}

/* Where the value of a key begins that ended just now; whether it is well formed, yajl will tell. */
static const char *next_value(const struct decoder *d)
{
    const char *at = d->payload + yajl_get_bytes_consumed(d->yajl);
    while (at < d->end && strchr(" \t\r\n:", *at) != NULL)
        at++;
    return at;
}

static int on_key(void *context, const unsigned char *text, size_t length)
{
    struct decoder *d = context;
    if (d->depth != 1)
        return 1;
    d->key = 0;
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        if (strlen(keys[i].name) == length && memcmp(keys[i].name, text, length) == 0)
            d->key = keys[i].key;
    if ((d->seen & d->key) != 0)
        return 0; /* one notification says one thing once */
    if (d->key == KEY_DATA)
        d->n->data = next_value(d);
    return 1;
}

static int on_object(void *context)
{
    struct decoder *d = context;
    int welcome = d->depth == 0 || is_skipped(d) || is_sliced(d);
    d->depth++;
    return welcome;
}

static int on_array(void *context)
{
    struct decoder *d = context;
    int welcome = is_skipped(d) || is_sliced(d);
    d->depth++;
    return welcome;
}

static int on_end(void *context)
{
    struct decoder *d = context;
    d->depth--;
    return end_value(d);
}

static bool parse(struct decoder *d, const char *payload, size_t length)
{
    static const yajl_callbacks callbacks = {
        .yajl_null = on_null, .yajl_boolean = on_boolean, .yajl_number = on_number,
        .yajl_string = on_string, .yajl_map_key = on_key,
        .yajl_start_map = on_object, .yajl_end_map = on_end,
        .yajl_start_array = on_array, .yajl_end_array = on_end,
    };
    /* yajl as it comes allows no comments and no second value, but overlong UTF-8, and two characters for
       white space that JSON does not know (RFC 8259, 2): no browser would read such an event's data. */
    if (!utf8_is_valid(payload, length) || memchr(payload, '\v', length) != NULL ||
        memchr(payload, '\f', length) != NULL)
        return false;
    d->yajl = yajl_alloc(&callbacks, NULL, d);
    d->payload = payload;
    d->end = payload + length;
    bool good = yajl_parse(d->yajl, (const unsigned char *)payload, length) == yajl_status_ok &&
                yajl_complete_parse(d->yajl) == yajl_status_ok;
    yajl_free(d->yajl);
    return good;
}

static enum notification_kind kind_of(unsigned seen)
{
    for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++)
        if (shapes[i].keys == seen)
            return shapes[i].kind;
    return NOTIFICATION_UNKNOWN;
}

void notification_decode(struct notification *n, const char *payload, size_t length)
{
    *n = (struct notification){.kind = NOTIFICATION_UNKNOWN};
    struct decoder d = {.n = n};
    if (length <= PAYLOAD_MAX && parse(&d, payload, length))
        n->kind = kind_of(d.seen);
    if (n->kind == NOTIFICATION_UNKNOWN)
        notification_dispose(n);
}

void notification_dispose(struct notification *n)
{
    free(n->text);
    free(n->event);
    *n = (struct notification){.kind = NOTIFICATION_UNKNOWN};
}
