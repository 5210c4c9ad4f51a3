/* head.c -- see head.h. */
#include "head.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

/* The line at `at` without its end; *next is where the next begins. NULL when it ends in a bare LF, or
 * not at all. */
static const char *line_end(const char *at, const char *end, const char **next)
{
    const char *lf = memchr(at, '\n', (size_t)(end - at));

    if (lf == NULL || lf == at || lf[-1] != '\r')
        return NULL;
    *next = lf + 1;
    return lf - 1;
}

static bool is_field(const char *line, size_t length, const char *name)
{
    size_t n = strlen(name);
    return length > n && strncasecmp(line, name, n) == 0 && line[n] == ':';
}

const char *head_fault(const char *bytes, size_t size, size_t *length)
{
    const char *begin = bytes, *end = bytes + size, *next, *stop;
    unsigned bodies = 0, hosts = 0;

    /* Empty lines before the request line are skipped (RFC 9112, 2.2). */
    while (end - bytes >= 2 && memcmp(bytes, "\r\n", 2) == 0)
        bytes += 2;
    for (const char *at = bytes;; at = next) {
        if ((stop = line_end(at, end, &next)) == NULL)
            return "A line ends without CR LF";
        if (stop == at)
            break;
        if (memchr(at, '\r', (size_t)(stop - at)) != NULL)
            return "A line has a CR in it";
        if (*at == ' ' || *at == '\t')
            return "A header is folded";
        bodies += is_field(at, (size_t)(stop - at), "content-length") ||
                  is_field(at, (size_t)(stop - at), "transfer-encoding");
        hosts += is_field(at, (size_t)(stop - at), "host");
    }
    *length = (size_t)(next - begin);
    if (bodies > 1)
        return "The length of the body is given twice";
    return hosts > 1 ? "There are two Hosts" : NULL;
}
