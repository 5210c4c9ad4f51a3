/* range.c -- see range.h. */
#include "range.h"

#include <string.h>
#include <strings.h>

/* Digits from *at on; a number that is too large for its type is as good as the largest. */
static bool read_number(const char **at, const char *end, uint64_t *number)
{
    const char *begin = *at;

    *number = 0;
    for (; *at < end && **at >= '0' && **at <= '9'; ++*at) {
        if (*number > (UINT64_MAX - 9) / 10)
            *number = UINT64_MAX / 10 - 1;
        *number = *number * 10 + (uint64_t)(**at - '0');
    }
    return *at != begin;
}

static void skip_space(const char **at, const char *end)
{
    while (*at < end && (**at == ' ' || **at == '\t'))
        ++*at;
}

/* "-n": the last n octets. */
static enum range_kind suffix(uint64_t n, uint64_t length, uint64_t *first, uint64_t *last)
{
    if (n == 0 || length == 0)
        return RANGE_UNSATISFIABLE;
    *first = n < length ? length - n : 0;
    *last = length - 1;
    return RANGE_ONE;
}

enum range_kind range_of(const char *header, size_t header_length, uint64_t length, uint64_t *first,
                         uint64_t *last)
{
    static const char unit[] = "bytes=";
    const char *at = header, *end = header + header_length;
    uint64_t from, to = UINT64_MAX;
    bool has_from;

    if (header_length < sizeof(unit) - 1 || strncasecmp(header, unit, sizeof(unit) - 1) != 0)
        return RANGE_WHOLE;
    at += sizeof(unit) - 1;
    skip_space(&at, end);
    has_from = read_number(&at, end, &from);
    if (at == end || *at++ != '-')
        return RANGE_WHOLE;
    bool has_to = read_number(&at, end, &to);
    skip_space(&at, end);
    if (at != end || (!has_from && !has_to)) /* a comma, too */
        return RANGE_WHOLE;
    if (!has_from)
        return suffix(to, length, first, last);
    if (!has_to)
        to = UINT64_MAX;
    if (to < from)
        return RANGE_WHOLE; /* no range (14.1.1) */
    if (from >= length)
        return RANGE_UNSATISFIABLE;
    *first = from;
    *last = to < length ? to : length - 1;
    return RANGE_ONE;
}

bool range_if(const char *header, size_t header_length, const char *etag)
{
    size_t length = strlen(etag);

    return header_length == length + 2 && header[0] == '"' && header[header_length - 1] == '"' &&
           memcmp(header + 1, etag, length) == 0;
}
