/* fuzz_head.c -- a head that is let through has no two readings: whoever ends lines at CR LF, and
 * whoever ends them at any LF, sees the same fields, one Host and one length of the body at most. */
#include <assert.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>
#include "head.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool begins(const char *line, const char *end, const char *name)
{
    return (size_t)(end - line) > strlen(name) && strncasecmp(line, name, strlen(name)) == 0;
}

/* As the most lenient reader would. */
static void check(const char *head, const char *end)
{
    unsigned lengths = 0, hosts = 0;
    const char *next;

    for (const char *line = head; line < end; line = next) {
        next = (const char *)memchr(line, '\n', (size_t)(end - line)) + 1;
        assert(next[-2] == '\r' && memchr(line, '\r', (size_t)(next - 2 - line)) == NULL);
        assert(*line != ' ' && *line != '\t');
        lengths += begins(line, next, "content-length:") || begins(line, next, "transfer-encoding:");
        hosts += begins(line, next, "host:");
    }
    assert(lengths <= 1 && hosts <= 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *head = (const char *)data;
    size_t length = 0;

    if (head_fault(head, size, &length) != NULL)
        return 0;
    assert(length >= 2 && length <= size && memcmp(head + length - 2, "\r\n", 2) == 0);
    while (length > 2 && memcmp(head, "\r\n", 2) == 0)
        head += 2, length -= 2;
    check(head, head + length);
    return 0;
}
