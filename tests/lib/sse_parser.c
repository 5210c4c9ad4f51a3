/* sse_parser.c -- see sse_parser.h. The comments quote WHATWG HTML, 9.2.6. */
#include "sse_parser.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

void sse_init(struct sse_parser *p)
{
    *p = (struct sse_parser){.retry = -1, .last_id = must_strdup("")};
    buffer_init(&p->line, SIZE_MAX - 1);
    buffer_init(&p->data, SIZE_MAX - 1);
    buffer_init(&p->type, SIZE_MAX - 1);
    buffer_init(&p->id, SIZE_MAX - 1);
}

static const char *text_of(const struct buffer *b)
{
    return b->length > 0 ? b->bytes : "";
}

/* "dispatch the event": the id is set even when there is no data, but then no event fires. */
static void dispatch(struct sse_parser *p)
{
    free(p->last_id);
    p->last_id = must_strdup(text_of(&p->id));
    if (p->data.length > 0) {
        p->events = realloc(p->events, (p->count + 1) * sizeof(*p->events));
        struct sse_event *e = &p->events[p->count++];
        e->type = must_strdup(p->type.length > 0 ? p->type.bytes : "message");
        e->length = p->data.length - 1; /* "remove the last character", an LF */
        e->data = must_strndup(p->data.bytes, e->length);
        e->id = must_strdup(p->last_id);
    }
    buffer_clear(&p->data);
    buffer_clear(&p->type);
}

static bool is(const char *name, size_t length, const char *field)
{
    return strlen(field) == length && memcmp(name, field, length) == 0;
}

/* "process the field". */
static void process(struct sse_parser *p, const char *name, size_t length, const char *value,
                    size_t value_length)
{
    if (is(name, length, "event")) {
        buffer_clear(&p->type);
        buffer_append(&p->type, value, value_length);
    } else if (is(name, length, "data")) {
        buffer_append(&p->data, value, value_length);
        buffer_append(&p->data, "\n", 1);
    } else if (is(name, length, "id") && memchr(value, '\0', value_length) == NULL) {
        buffer_clear(&p->id);
        buffer_append(&p->id, value, value_length);
    } else if (is(name, length, "retry") && value_length > 0 &&
               strspn(value, "0123456789") == value_length) {
        p->retry = atol(value);
    } else {
        p->oddities++;
    }
}

/* A line without its end: empty, a comment, a field with a value, or one without. */
static void take_line(struct sse_parser *p)
{
    const char *line = text_of(&p->line);
    size_t length = p->line.length;
    const char *colon = memchr(line, ':', length);
    if (length == 0)
        dispatch(p);
    else if (colon == line)
        p->comments++;
    else if (colon == NULL)
        process(p, line, length, "", 0);
    else {
        const char *value = colon + 1;
        if (*value == ' ')
            value++; /* exactly one */
        process(p, line, (size_t)(colon - line), value, length - (size_t)(value - line));
    }
    buffer_clear(&p->line);
}

static void take_octet(struct sse_parser *p, char c)
{
    bool ends_crlf = p->after_cr && c == '\n';
    p->after_cr = c == '\r';
    if (ends_crlf)
        return;
    if (c == '\n' || c == '\r')
        take_line(p);
    else
        buffer_append(&p->line, &c, 1);
    if (++p->octets == 3 && p->line.length == 3 && memcmp(p->line.bytes, "\xef\xbb\xbf", 3) == 0)
        buffer_clear(&p->line); /* one leading BOM */
}

void sse_feed(struct sse_parser *p, const void *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        take_octet(p, ((const char *)bytes)[i]);
}

bool sse_is_idle(const struct sse_parser *p)
{
    return p->line.length == 0 && p->data.length == 0 && p->type.length == 0;
}

void sse_dispose(struct sse_parser *p)
{
    for (size_t i = 0; i < p->count; i++) {
        free(p->events[i].type);
        free(p->events[i].data);
        free(p->events[i].id);
    }
    free(p->events);
    free(p->last_id);
    buffer_dispose(&p->line);
    buffer_dispose(&p->data);
    buffer_dispose(&p->type);
    buffer_dispose(&p->id);
}

const char *sse_unchunk(const char *chunk, size_t length, size_t *content)
{
    size_t size = 0, at = 0;
    for (; at < length && strchr("0123456789abcdef", chunk[at]) != NULL && chunk[at] != '\0'; at++)
        size = size * 16 + (size_t)(chunk[at] <= '9' ? chunk[at] - '0' : chunk[at] - 'a' + 10);
    if (at == 0 || size == 0 || length - at != size + 4 || memcmp(chunk + at, "\r\n", 2) != 0 ||
        memcmp(chunk + length - 2, "\r\n", 2) != 0)
        return NULL;
    *content = size;
    return chunk + at + 2;
}
