/* snapshot.c -- see snapshot.h. */
#include "snapshot.h"

#include <stdlib.h>
#include <string.h>

#include "buffer.h"

/* Digits up to `end`; returns what follows `end`, or NULL when they are none or too many. */
static const char *number(const char *at, char end, uint64_t *value)
{
    const char *begin = at;

    *value = 0;
    for (; *at >= '0' && *at <= '9'; ++at) {
        uint64_t digit = (uint64_t)(*at - '0');
        if (*value > (UINT64_MAX - digit) / 10)
            return NULL;
        *value = *value * 10 + digit;
    }
    return at == begin || *at != end ? NULL : at + (end != '\0');
}

uint64_t xid_parse(const char *text)
{
    uint64_t xid;

    return number(text, '\0', &xid) == NULL ? 0 : xid;
}

static size_t count_numbers(const char *list)
{
    size_t count = *list != '\0';

    for (; *list != '\0'; ++list)
        count += *list == ',';
    return count;
}

/* Ascending numbers of [xmin, xmax). */
static bool parse_running(struct snapshot *s, const char *list, uint64_t xmin)
{
    uint64_t least = xmin;
    size_t count = count_numbers(list);

    if (count > SNAPSHOT_MAX_RUNNING)
        return false;
    if (count != 0)
        s->running = must_alloc(count * sizeof(*s->running));
    for (; s->count < count; ++s->count) {
        uint64_t xid;
        list = number(list, s->count + 1 < count ? ',' : '\0', &xid);
        if (list == NULL || xid < least || xid >= s->xmax)
            return false;
        s->running[s->count] = xid;
        least = xid + 1;
    }
    return true;
}

void snapshot_parse(struct snapshot *s, const char *text)
{
    uint64_t xmin;

    *s = (struct snapshot){.known = false};
    if (text == NULL || (text = number(text, ':', &xmin)) == NULL ||
        (text = number(text, ':', &s->xmax)) == NULL)
        return;
    s->known = xmin <= s->xmax && parse_running(s, text, xmin);
    if (!s->known)
        snapshot_forget(s);
}

void snapshot_forget(struct snapshot *s)
{
    free(s->running);
    *s = (struct snapshot){.known = false};
}

/* The place of the first running transaction that is not below xid. */
static size_t first_from(const struct snapshot *s, uint64_t xid)
{
    size_t low = 0, high = s->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (s->running[middle] < xid)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool is_running(const struct snapshot *s, uint64_t xid)
{
    size_t at = first_from(s, xid);
    return at < s->count && s->running[at] == xid;
}

bool snapshot_sees(const struct snapshot *s, uint64_t xid)
{
    return (xid < s->xmax && !is_running(s, xid)) || (s->plus != 0 && xid == s->plus);
}

bool snapshot_covers(const struct snapshot *newer, uint64_t xid, const struct snapshot *older)
{
    for (size_t i = 0; i < newer->count; ++i)
        if (newer->running[i] != xid && snapshot_sees(older, newer->running[i]))
            return false;
    if (older->plus != 0 && older->plus != xid && !snapshot_sees(newer, older->plus))
        return false;
    if (older->xmax <= newer->xmax)
        return true;
    /* All of [newer->xmax, older->xmax) must be running in the older one, or be xid. Counted, because
     * nobody knows how long such a range may be. */
    uint64_t missing = older->xmax - newer->xmax - (older->count - first_from(older, newer->xmax));
    bool is_in_range = xid >= newer->xmax && xid < older->xmax && !is_running(older, xid);
    return missing == (is_in_range ? 1 : 0);
}
