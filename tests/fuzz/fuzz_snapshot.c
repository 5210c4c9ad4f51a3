/* fuzz_snapshot.c -- a snapshot that is understood is in order, and of two of them the one covers the
 * other exactly when that is so transaction by transaction. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "buffer.h"
#include "snapshot.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SMALL = 64 }; /* transactions that are looked at one by one */

static void check(const struct snapshot *s)
{
    for (size_t i = 0; i < s->count; ++i) {
        assert(s->running[i] < s->xmax && (i == 0 || s->running[i - 1] < s->running[i]));
        assert(!snapshot_sees(s, s->running[i]));
    }
    assert(!snapshot_sees(s, s->xmax) && snapshot_covers(s, 0, s));
}

static void compare(const struct snapshot *newer, uint64_t xid, const struct snapshot *older)
{
    bool covers = true;

    if (newer->xmax > SMALL || older->xmax > SMALL)
        return;
    for (uint64_t x = 0; x <= SMALL; ++x)
        covers = covers && (!snapshot_sees(older, x) || snapshot_sees(newer, x) || x == xid);
    assert(snapshot_covers(newer, xid, older) == covers);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct snapshot one, two;
    char *text = must_strndup((const char *)data, size), *second = strchr(text, ' ');

    if (second != NULL)
        *second++ = '\0';
    snapshot_parse(&one, text);
    snapshot_parse(&two, second);
    if (one.known)
        check(&one);
    if (one.known && two.known)
        for (uint64_t xid = 0; xid < SMALL; xid += 5)
            compare(&one, xid, &two);
    snapshot_forget(&one);
    snapshot_forget(&two);
    free(text);
    return 0;
}
