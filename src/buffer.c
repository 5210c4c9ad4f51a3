/* buffer.c -- bytes with a ceiling, and memory that never fails.
 *
 * The one place where running out of memory is decided: it ends the process. Everything else in
 * this file keeps one promise, that `length <= ceiling` and, once there is memory, that a NUL
 * stands behind the last octet.
 */
#include "buffer.h"

#include <assert.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SMALLEST = 64 }; /* octets of the first allocation */

static void *or_die(void *memory)
{
    if (memory != NULL)
        return memory;
    fputs("pgcrier: error: out of memory\n", stderr);
    abort();
}

void *must_alloc(size_t size)
{
    return or_die(calloc(1, size > 0 ? size : 1));
}

void *must_realloc(void *old, size_t size)
{
    return or_die(realloc(old, size));
}

char *must_strdup(const char *text)
{
    return or_die(strdup(text));
}

char *must_strndup(const char *text, size_t length)
{
    char *copy = or_die(malloc(length + 1));
    if (length > 0)
        memcpy(copy, text, length);
    copy[length] = '\0';
    return copy;
}

void buffer_init(struct buffer *b, size_t ceiling)
{
    assert(ceiling < SIZE_MAX); /* room for the NUL */
    *b = (struct buffer){.ceiling = ceiling};
}

void buffer_dispose(struct buffer *b)
{
    free(b->bytes);
    buffer_init(b, b->ceiling);
}

void buffer_clear(struct buffer *b)
{
    b->length = 0;
    b->overflowed = false;
    if (b->bytes != NULL)
        b->bytes[0] = '\0';
}

/* Makes room for `more` octets and the NUL; doubles, so that appending is linear in the whole. */
static int reserve(struct buffer *b, size_t more)
{
    if (b->overflowed || more > b->ceiling - b->length) {
        b->overflowed = true;
        return -1;
    }
    size_t needed = b->length + more + 1;
    if (needed <= b->capacity)
        return 0;
    size_t capacity = b->capacity < SMALLEST ? SMALLEST : b->capacity;
    while (capacity < needed)
        capacity = capacity <= SIZE_MAX / 2 ? capacity * 2 : SIZE_MAX;
    if (capacity > b->ceiling + 1)
        capacity = b->ceiling + 1;
    b->bytes = must_realloc(b->bytes, capacity);
    b->capacity = capacity;
    return 0;
}

int buffer_append(struct buffer *b, const void *bytes, size_t length)
{
    if (reserve(b, length) != 0)
        return -1;
    if (length > 0)
        memcpy(b->bytes + b->length, bytes, length);
    b->length += length;
    b->bytes[b->length] = '\0';
    return 0;
}

int buffer_puts(struct buffer *b, const char *text)
{
    return buffer_append(b, text, strlen(text));
}

int buffer_printf(struct buffer *b, const char *format, ...)
{
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, arguments);
    assert(length >= 0);
    int result = reserve(b, (size_t)length);
    if (result == 0) {
        vsnprintf(b->bytes + b->length, (size_t)length + 1, format, again);
        b->length += (size_t)length;
    }
    va_end(again);
    va_end(arguments);
    return result;
}

/* The escape of one octet in a JSON string, or NULL when it stands for itself. */
static const char *json_escape(unsigned char c, char room[8])
{
    switch (c) {
    case '"': return "\\\"";
    case '\\': return "\\\\";
    case '\b': return "\\b";
    case '\f': return "\\f";
    case '\n': return "\\n";
    case '\r': return "\\r";
    case '\t': return "\\t";
    }
    if (c >= 0x20)
        return NULL;
    snprintf(room, 8, "\\u%04x", c);
    return room;
}

int buffer_json_string(struct buffer *b, const char *text, size_t length)
{
    size_t before = b->length, plain = 0;
    char room[8];
    int result = buffer_append(b, "\"", 1);
    for (size_t i = 0; i < length && result == 0; i++) {
        const char *escape = json_escape((unsigned char)text[i], room);
        if (escape == NULL)
            continue;
        result |= buffer_append(b, text + plain, i - plain);
        result |= buffer_puts(b, escape);
        plain = i + 1;
    }
    if (result == 0 && buffer_append(b, text + plain, length - plain) == 0 &&
        buffer_append(b, "\"", 1) == 0)
        return 0;
    b->length = before; /* half a string is worse than none */
    if (b->bytes != NULL)
        b->bytes[before] = '\0';
    return -1;
}

char *buffer_steal(struct buffer *b, size_t *length)
{
    char *bytes = b->bytes != NULL ? b->bytes : must_alloc(1);
    if (length != NULL)
        *length = b->length;
    buffer_init(b, b->ceiling);
    return bytes;
}
