/* buffer.h -- bytes with a ceiling.
 *
 * A growable byte string. It is told its ceiling when it is made and never grows past it: an
 * append that does not fit fails, frees nothing, and marks the buffer as overflowed, so that a
 * chain of appends needs one check at its end. Memory itself never fails: out of memory ends the
 * process in one place (libh2o's allocator does the same).
 */
#ifndef PGCRIER_BUFFER_H
#define PGCRIER_BUFFER_H

#include <stdbool.h>
#include <stddef.h>

struct buffer {
    char *bytes;     /* NUL-terminated for convenience; the NUL is not counted; NULL while empty */
    size_t length;   /* octets in use */
    size_t capacity; /* octets allocated */
    size_t ceiling;  /* octets at most */
    bool overflowed; /* an append did not fit */
};

void buffer_init(struct buffer *b, size_t ceiling);
void buffer_dispose(struct buffer *b);
void buffer_clear(struct buffer *b); /* keeps the memory, forgets the overflow */
/* Each returns 0, or -1 once the buffer has overflowed. */
int buffer_append(struct buffer *b, const void *bytes, size_t length);
int buffer_puts(struct buffer *b, const char *text);
int buffer_printf(struct buffer *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Appends `text` as a JSON string with its quotes (RFC 8259, section 7); all of it or nothing. The
 * text is valid UTF-8. */
int buffer_json_string(struct buffer *b, const char *text, size_t length);
/* Moves the bytes out (the caller frees them); the buffer is empty afterwards. Never NULL. */
char *buffer_steal(struct buffer *b, size_t *length /* may be NULL */);

/* malloc and friends that end the process instead of returning NULL. */
void *must_alloc(size_t size);  /* zeroed */
void *must_realloc(void *old, size_t size);
char *must_strdup(const char *text);
char *must_strndup(const char *text, size_t length);

#endif
