/* path.c -- templates, matching, canonical spelling.
 *
 * Everything that turns a client's octets into names passes through here, and nothing here asks
 * who is asking: total functions over memory. Decoding copies the whole text once and then works
 * in place (a decoded octet is never longer than its escape), so that the pointers handed out
 * into `storage` stay good; each piece ends in a NUL where its separator was.
 */
#include "path.h"

#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* -- templates -- */

struct segment {
    const char *text; /* literal or name of the parameter, within `text` of the template */
    size_t length;
    bool parameter;
};

struct path_template {
    char *text;  /* a copy, its names of parameters NUL-terminated */
    bool rooted; /* begins with '/' */
    size_t count;
    struct segment segment[PATH_MAX_SEGMENTS];
    size_t parameters;
    size_t parameter[PATH_MAX_SEGMENTS]; /* indices of segments */
};

static bool is_alphanumeric(unsigned char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_unreserved(unsigned char c) /* RFC 3986, section 2.3 */
{
    return is_alphanumeric(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

static bool is_literal(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (!is_unreserved((unsigned char)text[i]) && strchr("!$&'()*+,;=:@", text[i]) == NULL)
            return false;
    return length > 0;
}

static bool is_parameter(const char *text, size_t length)
{
    return length > 2 && text[0] == '{' && text[length - 1] == '}' &&
           memchr(text + 1, '{', length - 2) == NULL && memchr(text + 1, '}', length - 2) == NULL;
}

static const char *add_segment(struct path_template *t, char *text, size_t length)
{
    if (t->count == PATH_MAX_SEGMENTS)
        return "it has more than 32 segments";
    if (is_literal(text, length)) {
        t->segment[t->count++] = (struct segment){text, length, false};
        return NULL;
    }
    if (length == 0)
        return "it has an empty segment";
    if (!is_parameter(text, length))
        return "a segment is neither a literal nor one {parameter}";
    text[length - 1] = '\0';
    t->parameter[t->parameters++] = t->count;
    t->segment[t->count++] = (struct segment){text + 1, length - 2, true};
    return NULL;
}

struct path_template *path_template_parse(const char *text, const char **err)
{
    struct path_template *t = must_alloc(sizeof(*t));
    t->text = must_strdup(text);
    t->rooted = text[0] == '/';
    const char *trouble = NULL;
    char *at = t->text + t->rooted;
    for (bool more = true; more && trouble == NULL;) {
        size_t length = strcspn(at, "/");
        more = at[length] == '/';
        trouble = add_segment(t, at, length);
        at += length + 1;
    }
    if (trouble == NULL)
        return t;
    *err = trouble;
    path_template_free(t);
    return NULL;
}

void path_template_free(struct path_template *t)
{
    if (t == NULL)
        return;
    free(t->text);
    free(t);
}

size_t path_template_parameters(const struct path_template *t)
{
    return t->parameters;
}

const char *path_template_parameter(const struct path_template *t, size_t i)
{
    return t->segment[t->parameter[i]].text;
}

static bool equals(const struct segment *literal, const char *text, size_t length)
{
    return literal->length == length && memcmp(literal->text, text, length) == 0;
}

bool path_template_fits(const struct path_template *t, const char *topic, size_t length)
{
    const char *at = topic, *end = topic + length;
    if ((length > 0 && *at == '/') != t->rooted)
        return false;
    at += t->rooted;
    for (size_t i = 0; i < t->count; i++) {
        const char *slash = memchr(at, '/', (size_t)(end - at));
        const char *stop = slash != NULL ? slash : end;
        if (!t->segment[i].parameter && !equals(&t->segment[i], at, (size_t)(stop - at)))
            return false;
        if (slash == NULL)
            return i + 1 == t->count;
        at = slash + 1;
    }
    return false; /* the topic goes on */
}

static int compare_segments(const struct segment *a, const struct segment *b)
{
    if (a->parameter || b->parameter)
        return a->parameter - b->parameter;
    int order = memcmp(a->text, b->text, a->length < b->length ? a->length : b->length);
    return order != 0 ? order : (a->length > b->length) - (a->length < b->length);
}

int path_template_compare(const struct path_template *a, const struct path_template *b)
{
    if (a->rooted != b->rooted)
        return a->rooted ? -1 : 1;
    for (size_t i = 0; i < a->count && i < b->count; i++) {
        int order = compare_segments(&a->segment[i], &b->segment[i]);
        if (order != 0)
            return order;
    }
    return (a->count > b->count) - (a->count < b->count);
}

/* -- requests -- */

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool path_decode(char *text, size_t *length, bool plus_is_space)
{
    char *out = text;
    for (const char *in = text, *end = text + *length; in < end; in++) {
        if (*in == '%') {
            int high = end - in > 2 ? hex_digit(in[1]) : -1;
            int low = high >= 0 ? hex_digit(in[2]) : -1;
            if (low < 0)
                return false;
            *out++ = (char)(high << 4 | low);
            in += 2;
        } else {
            *out++ = *in == '+' && plus_is_space ? ' ' : *in;
        }
    }
    *length = (size_t)(out - text);
    *out = '\0';
    return memchr(text, '\0', *length) == NULL && utf8_is_valid(text, *length);
}

enum path_error path_split(struct path_segments *s, const char *path, size_t length)
{
    s->count = 0;
    buffer_init(&s->storage, length);
    if (length == 0 || path[0] != '/')
        return PATH_BAD;
    buffer_append(&s->storage, path, length);
    char *at = s->storage.bytes + 1, *end = s->storage.bytes + length;
    for (char *stop; at <= end; at = stop + 1) {
        stop = memchr(at, '/', (size_t)(end - at));
        if (stop == NULL)
            stop = end;
        if (s->count == PATH_MAX_SEGMENTS)
            return PATH_TOO_LONG;
        size_t left = (size_t)(stop - at);
        if (!path_decode(at, &left, false))
            return PATH_BAD;
        s->segment[s->count].text = at;
        s->segment[s->count++].length = left;
    }
    return PATH_OK;
}

void path_segments_dispose(struct path_segments *s)
{
    s->count = 0;
    buffer_dispose(&s->storage);
}

bool path_template_match(const struct path_template *t, const struct path_segments *s,
                         size_t values[PATH_MAX_SEGMENTS])
{
    size_t parameters = 0;
    if (!t->rooted || t->count != s->count)
        return false;
    for (size_t i = 0; i < t->count; i++) {
        if (t->segment[i].parameter && s->segment[i].length > 0)
            values[parameters++] = i;
        else if (t->segment[i].parameter ||
                 !equals(&t->segment[i], s->segment[i].text, s->segment[i].length))
            return false;
    }
    return true;
}

/* Adds "name=value" of length octets, which are in the storage. */
static bool add_pair(struct path_query *q, char *at, size_t length)
{
    char *equal = memchr(at, '=', length);
    size_t name_length = equal != NULL ? (size_t)(equal - at) : length;
    size_t value_length = equal != NULL ? length - name_length - 1 : 0;
    char *value = equal != NULL ? equal + 1 : at + length;
    if (q->count == PATH_MAX_PAIRS || !path_decode(value, &value_length, true) ||
        !path_decode(at, &name_length, true))
        return false;
    q->pair[q->count].name = at;
    q->pair[q->count].name_length = name_length;
    q->pair[q->count].value = equal != NULL ? value : "";
    q->pair[q->count++].value_length = value_length;
    return true;
}

enum path_error path_query_parse(struct path_query *q, const char *query, size_t length)
{
    q->count = 0;
    buffer_init(&q->storage, length);
    buffer_append(&q->storage, query, length);
    char *at = q->storage.bytes, *end = at + length;
    for (char *stop; at < end; at = stop + 1) {
        stop = memchr(at, '&', (size_t)(end - at));
        if (stop == NULL)
            stop = end;
        if (stop > at && !add_pair(q, at, (size_t)(stop - at)))
            return PATH_BAD;
    }
    return PATH_OK;
}

void path_query_dispose(struct path_query *q)
{
    q->count = 0;
    buffer_dispose(&q->storage);
}

/* -- spelling -- */

int path_encode(struct buffer *b, const char *value, size_t length)
{
    static const char hex[] = "0123456789ABCDEF";
    size_t i = 0, run = 0; /* value[i..run) stands for itself */
    while (i < length) {
        while (run < length && is_unreserved((unsigned char)value[run]))
            run++;
        buffer_append(b, value + i, run - i);
        if (run < length) {
            unsigned char c = (unsigned char)value[run++];
            buffer_append(b, (char[]){'%', hex[c >> 4], hex[c & 15]}, 3);
        }
        i = run;
    }
    return b->overflowed ? -1 : 0;
}

/* Octets of the character that begins at text, 0 when it is none (the table of RFC 3629,
 * section 4). */
static size_t utf8_length(const unsigned char *text, size_t left)
{
    unsigned char c = text[0], low = 0x80, high = 0xbf;
    size_t length = c < 0x80 ? 1 : c < 0xc2 ? 0 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : c < 0xf5 ? 4 : 0;
    if (length > left || length < 2)
        return length > left ? 0 : length;
    if (c == 0xe0)
        low = 0xa0; /* else overlong */
    if (c == 0xed)
        high = 0x9f; /* else a surrogate */
    if (c == 0xf0)
        low = 0x90; /* else overlong */
    if (c == 0xf4)
        high = 0x8f; /* else above U+10FFFF */
    if (text[1] < low || text[1] > high)
        return 0;
    for (size_t i = 2; i < length; i++)
        if ((text[i] & 0xc0) != 0x80)
            return 0;
    return length;
}

bool utf8_is_valid(const char *text, size_t length)
{
    for (size_t i = 0, step; i < length; i += step) {
        uint64_t eight;
        if (length - i >= sizeof(eight)) { /* long runs of ASCII, eight at a time */
            memcpy(&eight, text + i, sizeof(eight));
            if ((eight & UINT64_C(0x8080808080808080)) == 0) {
                step = sizeof(eight);
                continue;
            }
        }
        if ((step = utf8_length((const unsigned char *)text + i, length - i)) == 0)
            return false;
    }
    return true;
}

/* Without leading zeros, '+', or "-0", and so few digits that any of them are in range. */
static bool is_integer(const char *value, size_t length, size_t digits)
{
    if (length == 1 && value[0] == '0')
        return true;
    if (length > 0 && value[0] == '-')
        value++, length--;
    if (length == 0 || length > digits || value[0] == '0')
        return false;
    for (size_t i = 0; i < length; i++)
        if (value[i] < '0' || value[i] > '9')
            return false;
    return true;
}

static bool is_uuid(const char *value, size_t length)
{
    if (length != 36)
        return false;
    for (size_t i = 0; i < length; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        bool digit = (value[i] >= '0' && value[i] <= '9') || (value[i] >= 'a' && value[i] <= 'f');
        if (dash ? value[i] != '-' : !digit)
            return false;
    }
    return true;
}

bool path_is_canonical(const char *type, const char *value, size_t length)
{
    if (strcmp(type, "integer") == 0)
        return is_integer(value, length, 9);
    if (strcmp(type, "bigint") == 0)
        return is_integer(value, length, 18);
    if (strcmp(type, "smallint") == 0)
        return is_integer(value, length, 4);
    if (strcmp(type, "uuid") == 0)
        return is_uuid(value, length);
    return strcmp(type, "text") == 0;
}

bool path_is_prefix(const char *path, size_t length)
{
    for (size_t i = 0; i < length; ++i) {
        if (path[i] == '/' ? strchr("/.", path[i + 1]) != NULL
                           : i == 0 || (!isalnum((unsigned char)path[i]) && strchr("-._~", path[i]) == NULL))
            return false;
    }
    return true;
}
